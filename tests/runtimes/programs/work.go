// SPDX-License-Identifier: Apache-2.0
// The same as work.py.
package main

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"sort"
	"strings"
	"sync"
)

func sequence(count int, seed uint64) []uint32 {
	numbers := make([]uint32, count)
	for i := range numbers {
		seed = (seed*1103515245 + 12345) & 0x7fffffff
		numbers[i] = uint32(seed)
	}
	return numbers
}

func hash(text string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
}

func integers() string {
	mixed := uint32(2166136261)
	for _, number := range sequence(200000, 12345) {
		mixed = bits.RotateLeft32((mixed^number&0xff)*16777619, 7)
	}
	return fmt.Sprint(mixed)
}

func bigNumbers() string {
	factorial := big.NewInt(1)
	for i := int64(2); i <= 1500; i++ {
		factorial.Mul(factorial, big.NewInt(i))
	}
	return hash(factorial.String())
}

// The conversions keep products and sums apart: Go may fuse them otherwise.
func floats() string {
	total, x := 0.0, 0.5
	for i := 1; i <= 100000; i++ {
		x = float64(float64(3.75*x) * (1.0 - x))
		if i%3 != 0 {
			total += math.Sqrt(x)
		} else {
			total += x / float64(i)
		}
	}
	return fmt.Sprint(int64(total * 1048576.0))
}

type node struct{ left, right *node }

func makeTree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{makeTree(depth - 1), makeTree(depth - 1)}
}

func (n *node) count() int {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.count() + n.right.count()
}

func trees() string {
	sum := 0
	for i := 0; i < 10; i++ {
		sum += makeTree(12).count()
	}
	return fmt.Sprint(sum)
}

func tables() string {
	counts := map[string]int{}
	for _, number := range sequence(100000, 12345) {
		counts[fmt.Sprintf("k%d", number%5003)] += int(number % 7)
	}
	keys := make([]string, 0, len(counts))
	for key := range counts {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var text strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&text, "%s=%d;", key, counts[key])
	}
	return hash(text.String())
}

func descend(depth int) {
	if depth == 0 {
		panic("x")
	}
	descend(depth - 1)
}

func exceptions() string {
	caught := 0
	for i := 0; i < 2000; i++ {
		func() {
			defer func() { caught += i + len(recover().(string)) }()
			descend(i % 20)
		}()
	}
	return fmt.Sprint(caught)
}

func threads() string {
	parts := make([]string, 4)
	var group sync.WaitGroup
	for part := range parts {
		group.Add(1)
		go func(part int) {
			defer group.Done()
			total := uint32(0)
			for _, number := range sequence(50000, uint64(part+1)) {
				total += number * uint32(part+3)
			}
			parts[part] = fmt.Sprint(total)
		}(part)
	}
	group.Wait()
	return strings.Join(parts, " ")
}

func main() {
	fmt.Println("result integers", integers())
	fmt.Println("result big_numbers", bigNumbers())
	fmt.Println("result floats", floats())
	fmt.Println("result trees", trees())
	fmt.Println("result tables", tables())
	fmt.Println("result exceptions", exceptions())
	fmt.Println("result threads", threads())
}
