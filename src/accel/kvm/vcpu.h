// SPDX-License-Identifier: Apache-2.0
// A vCPU that the processor itself executes, with the kernel's help.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "accel/kvm/debug_registers.h"
#include "accel/kvm/machine.h"
#include "accel/kvm/registers.h"
#include "accel/x86_ports.h"
#include "accel/x86_vcpu.h"

namespace kelvin::kvm {

/// Its thread is the one in run().
class KvmVcpu final : public accel::X86Vcpu {
  public:
    /// `processor` is what the guest sees. The machine and the ports outlive it.
    static Result<std::unique_ptr<KvmVcpu>> create(Machine& machine, unsigned index, const x86::Processor& processor,
                                                   const accel::X86Ports& ports);
    ~KvmVcpu() override;

    accel::StopReason run() override;
    void request_stop() override;
    void reset(u64 entry, u64 argument) override;
    std::string describe_registers() const override;
    bool is_waiting() const override;
    Result<x86::State> read_state() const override;
    Result<> write_state(const x86::State& state) override;
    void set_debug_orders(const accel::DebugOrders& orders) override;
    const accel::DebugEvent& debug_event() const override { return debug_event_; }

  private:
    KvmVcpu(Machine& machine, unsigned index, Fd fd, const accel::X86Ports& ports);
    Result<> build(const x86::Processor& processor);
    Result<> set_cpuid(const x86::Cpuid& cpuid);
    bool take_stop_request();
    void handle_exit();
    void stop_for_debugger();
    void access_ports();
    void access_memory();
    void fail(const std::string& why);

    Machine& machine_;
    const unsigned index_;
    const Fd fd_;
    const accel::X86Ports ports_;
    kvm_run* run_ = nullptr;  // shared with the kernel
    Registers power_on_;
    accel::DebugOrders orders_;
    DebugRegisters debug_registers_;
    bool is_changed_ = false;            // by a debugger
    bool is_debugged_ = false;           // the kernel knows
    bool stopped_for_debugger_ = false;  // debug_event_ says why
    accel::DebugEvent debug_event_;
    std::atomic<bool> stop_requested_ = false;
    std::atomic<pid_t> thread_ = 0;  // in run(); 0: nobody
};

}  // namespace kelvin::kvm
