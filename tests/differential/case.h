// SPDX-License-Identifier: Apache-2.0
// What the test and its guest program share: a file that both map, with room for two batches, so that one is made while
// the other runs. C and C++.
#pragma once

#include <stdint.h>

// Guest addresses, the same on both sides. The page before the window and that behind it are not mapped.
#define CASE_WINDOW 0x1000000000
#define CASE_WINDOW_BYTES 0x2000
#define CASE_UNMAPPED (CASE_WINDOW - 0x1000)
#define CASE_CODE 0x1000040000

#define CASE_BATCH 4096     // cases of a batch, one slot of code each
#define CASE_SLOT_WORDS 16  // MRS X30 first, then the words, then a branch to the exit; BRK else
#define CASE_MOST_WORDS 6
#define CASE_MEMORY 512  // bytes of the window that are set and compared: around its middle
#define CASE_MEMORY_START (CASE_WINDOW + CASE_WINDOW_BYTES / 2 - CASE_MEMORY / 2)

#define CASE_HEADER_BYTES 4096
#define CASE_CODE_BYTES (CASE_BATCH * CASE_SLOT_WORDS * 4)

/// Inputs, which become outputs. Offsets are known to run_case.S.
struct Case {
    uint64_t x[31];
    uint64_t sp;
    uint64_t pc;
    uint64_t nzcv;
    uint64_t fpcr;
    uint64_t fpsr;
    uint64_t signal;  // 0, or what stopped it
    uint64_t fault;   // si_addr
    uint64_t v[32][2];
    uint8_t memory[CASE_MEMORY];
};

struct Header {
    uint64_t exit_address;  // where slots branch to when they are done
    uint64_t running;       // the slot that runs
};

#define CASE_HALF_BYTES (CASE_CODE_BYTES + ((CASE_BATCH * sizeof(struct Case) + 4095) & ~4095ull))
#define CASE_FILE_BYTES (CASE_HEADER_BYTES + 2 * CASE_HALF_BYTES)

/// Written to the guest's standard input; it answers with a byte when the batch is done.
struct Request {
    uint32_t half;
    uint32_t count;
};
