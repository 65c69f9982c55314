// SPDX-License-Identifier: Apache-2.0
// What the debugger's server does to a machine. Threads are its CPUs, numbered from 0.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accel/debug.h"
#include "base/types.h"

namespace kelvin::gdbstub {

/// What one thread is to do when the machine goes on.
struct Action {
    bool run = false;
    bool step = false;
};

/// All calls come from the event loop's thread; those about registers and memory only while the machine stands still.
class Target {
  public:
    virtual ~Target() = default;

    virtual unsigned thread_count() const = 0;
    virtual std::string describe_thread(unsigned thread) const = 0;

    virtual std::size_t register_count() const = 0;
    virtual std::size_t register_size(std::size_t number) const = 0;
    virtual std::vector<u8> read_register(unsigned thread, std::size_t number) = 0;
    virtual void write_register(unsigned thread, std::size_t number, std::span<const u8> bytes) = 0;
    virtual void set_pc(unsigned thread, u64 address) = 0;
    /// A file of the description of registers; empty: there is none of that name.
    virtual std::string description(std::string_view file) const = 0;

    /// From `address` on, as `thread` sees it or, if `physical`, as nobody has translated it. How many bytes there were
    /// before the first that could not be accessed.
    virtual std::size_t read_memory(unsigned thread, bool physical, u64 address, std::span<u8> out) = 0;
    virtual std::size_t write_memory(unsigned thread, bool physical, u64 address, std::span<const u8> data) = 0;

    virtual bool is_running() const = 0;
    /// When it returns the machine stands still.
    virtual void stop() = 0;
    /// `actions` has one for each thread. Whoever continues where it has been stopped by a watchpoint makes the access.
    virtual void resume(const accel::DebugPoints& points, std::span<const Action> actions, bool step_interrupts) = 0;

    /// What the monitor prints for `line`.
    virtual std::string execute(std::string_view line) = 0;
    /// Ends the machine soon.
    virtual void kill() = 0;
};

}  // namespace kelvin::gdbstub
