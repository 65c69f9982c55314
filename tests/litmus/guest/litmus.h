// SPDX-License-Identifier: Apache-2.0
// The litmus tests as make_guest.py writes them; ../shapes.py has the rows and says what is in which register.
#pragma once

#include "board.h"

enum { kMaxThreads = 4 };

/// x, y, z, and where x4 to x7 go.
typedef void (*ThreadCode)(u64*, u64*, u64*, u64*);

struct Test {
    const char* name;
    u32 threads;
    int never;  ///< the outcome is forbidden
    u8 fill;
    int (*needs)(void);
    int (*outcome)(u64 (*seen)[4], const u64* locations);
    ThreadCode code[2][kMaxThreads];  ///< x, y and z wherever they are; 64 bytes from each other
};

extern const struct Test tests[];
extern int has_rcpc;
