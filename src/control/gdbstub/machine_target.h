// SPDX-License-Identifier: Apache-2.0
// A machine as the debugger's server sees it.
#pragma once

#include <functional>
#include <map>

#include "control/gdbstub/processor_view.h"
#include "control/gdbstub/target.h"
#include "vm/vm.h"

namespace kelvin::gdbstub {

/// What a debugger can do besides.
struct Surroundings {
    std::function<std::string(std::string_view line)> execute;  ///< by the monitor
    std::function<void()> quit;
};

class MachineTarget final : public Target {
  public:
    /// `vm` outlives it.
    MachineTarget(vm::Vm& vm, Surroundings surroundings) : vm_(vm), surroundings_(std::move(surroundings)) {}

    unsigned thread_count() const override { return vm_.cpu_count(); }
    std::string describe_thread(unsigned thread) const override;
    std::size_t register_count() const override;
    std::size_t register_size(std::size_t number) const override;
    std::vector<u8> read_register(unsigned thread, std::size_t number) override;
    void write_register(unsigned thread, std::size_t number, std::span<const u8> bytes) override;
    void set_pc(unsigned thread, u64 address) override;
    std::string description(std::string_view file) const override;
    std::size_t read_memory(unsigned thread, bool physical, u64 address, std::span<u8> out) override;
    std::size_t write_memory(unsigned thread, bool physical, u64 address, std::span<const u8> data) override;
    bool is_running() const override { return vm_.is_running(); }
    void stop() override { vm_.pause(); }
    void resume(const accel::DebugPoints& points, std::span<const Action> actions, bool step_interrupts) override;
    std::string execute(std::string_view line) override { return surroundings_.execute(line); }
    void kill() override { surroundings_.quit(); }

    /// The debugger is told of this one.
    void note_stop(unsigned thread, const accel::DebugEvent& event);
    /// It has let the machine go on.
    bool has_resumed() const { return has_resumed_; }

  private:
    std::unique_ptr<ProcessorView> view(unsigned thread) const;
    u64 pc_of(unsigned thread);
    template <class Bytes, class Access>
    std::size_t each_page(unsigned thread, bool physical, u64 address, Bytes bytes, Access access);

    vm::Vm& vm_;
    const Surroundings surroundings_;
    std::map<unsigned, u64> told_of_watchpoint_;  ///< threads, and where they were
    bool has_resumed_ = false;
};

}  // namespace kelvin::gdbstub
