// SPDX-License-Identifier: Apache-2.0
// One vCPU's thread, and the three things that keep it from running: the machine stands still, the CPU is switched off,
// the end.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "accel/vcpu.h"
#include "machine/psci.h"

namespace kelvin::vm {

/// Where a CPU begins.
struct CpuStart {
    u64 entry;
    u64 argument;
};

/// Whoever wants to know that a CPU has stopped for its debugger. Called on the vCPU's thread.
class CpuThreadOwner {
  public:
    virtual ~CpuThreadOwner() = default;
    virtual void cpu_stopped_itself() = 0;
};

/// Every method may be called from any thread, but those that wait not from the vCPU's own.
/// The lock is a leaf: nothing else is taken while it is held, and never while the vCPU runs.
class CpuThread {
  public:
    /// `name` is what the host's tools call the thread: 15 characters at most.
    CpuThread(std::unique_ptr<accel::Vcpu> vcpu, CpuThreadOwner& owner, std::string name = "vcpu");
    /// Ends the thread and waits for it.
    ~CpuThread();
    CpuThread(const CpuThread&) = delete;
    CpuThread& operator=(const CpuThread&) = delete;

    accel::Vcpu& vcpu() { return *vcpu_; }
    /// The host's number of the thread.
    int thread_id() const;

    /// Guest code may run from now on, or no more. The CPU stops soon; wait_until_still() waits for it, and for what
    /// switch_on() begins with.
    void allow(bool running);
    void wait_until_still();
    /// It was allowed to run and has stopped by itself, for vcpu().debug_event(); until allow().
    bool has_stopped_itself() const;

    /// Switched on, the CPU begins at `start` when it is allowed to; off, it stays off until then. Returns the state
    /// that it was in: if it was not off, nothing happens.
    machine::PowerControl::State switch_on(CpuStart start);
    void switch_off();
    machine::PowerControl::State power() const;

  private:
    void run();
    bool may_run_locked() const { return allowed_ && !stopped_itself_ && power_ != machine::PowerControl::State::off; }

    const std::unique_ptr<accel::Vcpu> vcpu_;
    CpuThreadOwner& owner_;
    const std::string name_;
    std::atomic<int> thread_id_ = 0;  // once the thread runs

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    bool allowed_ = false;
    bool ending_ = false;
    bool running_ = false;
    bool stopped_itself_ = false;
    machine::PowerControl::State power_ = machine::PowerControl::State::off;
    std::optional<CpuStart> start_;

    std::thread thread_;  // last: what it uses is there before it
};

}  // namespace kelvin::vm
