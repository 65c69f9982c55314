// SPDX-License-Identifier: Apache-2.0
// The same as work.py.
import java.math.BigInteger;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Work {
    static int[] sequence(int count, long seed) {
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) {
            seed = (seed * 1103515245L + 12345) & 0x7fffffffL;
            numbers[i] = (int) seed;
        }
        return numbers;
    }

    static String sha256(String text) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes("ISO-8859-1"));
        StringBuilder hex = new StringBuilder();
        for (byte b : digest) {
            hex.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
        }
        return hex.toString();
    }

    static String integers() {
        int mixed = (int) 2166136261L;
        for (int number : sequence(200000, 12345)) {
            mixed = (mixed ^ (number & 0xff)) * 16777619;
            mixed = Integer.rotateLeft(mixed, 7);
        }
        return Integer.toUnsignedString(mixed);
    }

    static String bigNumbers() throws Exception {
        BigInteger factorial = BigInteger.ONE;
        for (int i = 2; i <= 1500; i++) {
            factorial = factorial.multiply(BigInteger.valueOf(i));
        }
        return sha256(factorial.toString());
    }

    static String floats() {
        double total = 0.0, x = 0.5;
        for (int i = 1; i <= 100000; i++) {
            x = 3.75 * x * (1.0 - x);
            total += i % 3 != 0 ? Math.sqrt(x) : x / i;
        }
        return Long.toString((long) (total * 1048576.0));
    }

    static class Node {
        final Node left, right;

        Node(Node left, Node right) {
            this.left = left;
            this.right = right;
        }

        static Node make(int depth) {
            return depth == 0 ? new Node(null, null) : new Node(make(depth - 1), make(depth - 1));
        }

        int count() {
            return left == null ? 1 : 1 + left.count() + right.count();
        }
    }

    static String trees() {
        int sum = 0;
        for (int i = 0; i < 10; i++) {
            sum += Node.make(12).count();
        }
        return Integer.toString(sum);
    }

    static String strings() throws Exception {
        StringBuilder text = new StringBuilder();
        for (int number : sequence(20000, 12345)) {
            text.append(text.length() == 0 ? "" : " ").append(Integer.toHexString(number));
        }
        int words = 0;
        Matcher matcher = Pattern.compile("\\b[a-f][0-9]+[a-f]*\\b").matcher(text);
        while (matcher.find()) {
            words++;
        }
        return words + " " + sha256(Pattern.compile("([0-9])\\1").matcher(text).replaceAll("<$1>"));
    }

    static String tables() throws Exception {
        Map<String, Integer> counts = new HashMap<>();
        for (int number : sequence(100000, 12345)) {
            counts.merge("k" + number % 5003, number % 7, Integer::sum);
        }
        StringBuilder text = new StringBuilder();
        new TreeMap<>(counts).forEach((key, count) -> text.append(key).append('=').append(count).append(';'));
        return sha256(text.toString());
    }

    static void descend(int depth) {
        if (depth == 0) {
            throw new IllegalArgumentException("x");
        }
        descend(depth - 1);
    }

    static String exceptions() {
        int caught = 0;
        for (int i = 0; i < 2000; i++) {
            try {
                descend(i % 20);
            } catch (IllegalArgumentException error) {
                caught += i + error.getMessage().length();
            }
        }
        return Integer.toString(caught);
    }

    static String threads() throws Exception {
        int[] parts = new int[4];
        Thread[] workers = new Thread[4];
        for (int i = 0; i < 4; i++) {
            int part = i;
            workers[i] = new Thread(() -> {
                for (int number : sequence(50000, part + 1)) {
                    parts[part] += number * (part + 3);
                }
            });
            workers[i].start();
        }
        String text = "";
        for (int i = 0; i < 4; i++) {
            workers[i].join();
            text += (i == 0 ? "" : " ") + Integer.toUnsignedString(parts[i]);
        }
        return text;
    }

    interface Task {
        String run() throws Exception;
    }

    static void show(String name, Task task) throws Exception {
        System.out.println("result " + name + " " + task.run());
    }

    public static void main(String[] arguments) throws Exception {
        show("integers", Work::integers);
        show("big_numbers", Work::bigNumbers);
        show("floats", Work::floats);
        show("trees", Work::trees);
        show("strings", Work::strings);
        show("tables", Work::tables);
        show("exceptions", Work::exceptions);
        show("threads", Work::threads);
    }
}
