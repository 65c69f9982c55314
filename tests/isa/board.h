// SPDX-License-Identifier: Apache-2.0
// The least board that a test runs on: RAM, a register that ends the test, and the virtual timer wired to IRQ.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "accel/accelerator.h"
#include "base/timer_service.h"
#include "memory/address_map.h"

namespace kelvin::isa {

// As test.inc has them.
inline constexpr u64 kExit = 0x09000000;
inline constexpr u64 kRam = 0x40000000;
inline constexpr u64 kRamSize = u64{16} << 20;
inline constexpr u64 kReport = 0x40f00000;

/// What a test leaves at kReport.
struct Report {
    u64 x[31];
    u64 sp, nzcv, fpsr;
    V128 v[32];
};

/// How a test is executed.
struct Engine {
    std::string name;
    bool interpreted = false;
    accel::TranslatorOptions options;
};

/// The interpreter, then the translator in all its ways.
std::vector<Engine> engines();

/// What the board's time passes by.
enum class Timebase : u8 {
    host,
    instructions,  ///< 1 ns each, so that the counter goes on by one
};

/// Runs `image` from the start of RAM on `engine` until it writes to the exit register, whose other registers read as
/// the time. An error if that does not happen within ten seconds.
Result<Report> run(const Engine& engine, std::span<const u8> image, Timebase timebase);

}  // namespace kelvin::isa
