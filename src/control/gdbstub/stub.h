// SPDX-License-Identifier: Apache-2.0
// Where debuggers connect to a machine (-gdb), one after the other. Whoever connects stops the machine; when it leaves,
// by whatever way, the machine goes on as if it had not been there.
//
// Owner thread: the event loop's.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "base/fd.h"
#include "base/result.h"
#include "control/gdbstub/machine_target.h"
#include "control/gdbstub/server.h"
#include "vm/machine_spec.h"

namespace kelvin::gdbstub {

class Stub final : private vm::DebugObserver {
  public:
    /// Listens when it returns. `vm` and `loop` outlive it.
    static Result<std::unique_ptr<Stub>> create(const vm::DebuggerSpec& spec, vm::Vm& vm, EventLoop& loop,
                                                Surroundings surroundings);
    /// Tells the debugger that the machine has ended.
    ~Stub() override;
    Stub(const Stub&) = delete;
    Stub& operator=(const Stub&) = delete;

  private:
    struct Connection;

    Stub(vm::Vm& vm, EventLoop& loop, Surroundings surroundings);

    void accept();
    void begin(Fd input, Fd output);
    void read();
    void send(std::string_view bytes);
    void flush();
    void end();

    void cpu_stopped(unsigned cpu, const accel::DebugEvent& event) override;
    void machine_paused() override;

    vm::Vm& vm_;
    EventLoop& loop_;
    const Surroundings surroundings_;
    Fd listener_;
    std::string socket_path_;  ///< to be removed at the end; empty: none
    std::unique_ptr<Connection> connection_;
};

}  // namespace kelvin::gdbstub
