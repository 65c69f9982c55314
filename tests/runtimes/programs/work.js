// SPDX-License-Identifier: Apache-2.0
// The same as work.py.
"use strict";
const { createHash } = require("crypto");
const { Worker, isMainThread, parentPort, workerData } = require("worker_threads");

function sequence(count, seed) {
  const numbers = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    numbers[i] = seed;
  }
  return numbers;
}

const sha256 = (text) => createHash("sha256").update(text, "latin1").digest("hex");

function integers() {
  let mixed = 2166136261 | 0;
  for (const number of sequence(200000, 12345)) {
    mixed = Math.imul(mixed ^ (number & 0xff), 16777619);
    mixed = (mixed << 7) | (mixed >>> 25);
  }
  return mixed >>> 0;
}

function big_numbers() {
  let factorial = 1n;
  for (let i = 2n; i <= 1500n; i++) factorial *= i;
  return sha256(factorial.toString());
}

function floats() {
  let total = 0.0, x = 0.5;
  for (let i = 1; i <= 100000; i++) {
    x = 3.75 * x * (1.0 - x);
    total += i % 3 !== 0 ? Math.sqrt(x) : x / i;
  }
  return Math.trunc(total * 1048576.0);
}

function trees() {
  const make = (depth) => depth === 0 ? { left: null, right: null } : { left: make(depth - 1), right: make(depth - 1) };
  const count = (node) => node.left === null ? 1 : 1 + count(node.left) + count(node.right);
  let sum = 0;
  for (let i = 0; i < 10; i++) sum += count(make(12));
  return sum;
}

function strings() {
  const text = Array.from(sequence(20000, 12345), (number) => number.toString(16)).join(" ");
  const words = text.match(/\b[a-f][0-9]+[a-f]*\b/g).length;
  return `${words} ${sha256(text.replace(/([0-9])\1/g, "<$1>"))}`;
}

function tables() {
  const counts = new Map();
  for (const number of sequence(100000, 12345)) {
    const key = `k${number % 5003}`;
    counts.set(key, (counts.get(key) ?? 0) + (number % 7));
  }
  return sha256([...counts.keys()].sort().map((key) => `${key}=${counts.get(key)};`).join(""));
}

function exceptions() {
  const descend = (depth) => {
    if (depth === 0) throw new RangeError("x");
    descend(depth - 1);
  };
  let caught = 0;
  for (let i = 0; i < 2000; i++) {
    try {
      descend(i % 20);
    } catch (error) {
      caught += i + error.message.length;
    }
  }
  return caught;
}

async function threads() {
  const work = (part) => new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: part });
    worker.on("message", resolve);
    worker.on("error", reject);
  });
  return (await Promise.all([0, 1, 2, 3].map(work))).join(" ");
}

async function main() {
  for (const task of [integers, big_numbers, floats, trees, strings, tables, exceptions, threads]) {
    console.log(`result ${task.name} ${await task()}`);
  }
}

if (isMainThread) {
  main();
} else {
  let total = 0;
  for (const number of sequence(50000, workerData + 1)) {
    total = (total + Math.imul(number, workerData + 3)) >>> 0;
  }
  parentPort.postMessage(total);
}
