// SPDX-License-Identifier: Apache-2.0
// The clock that the kernel shows to guests which know KVM (Documentation/virt/kvm/x86/msr.rst, "kvmclock"): it stands
// still while no vCPU runs, so that a guest that was paused does not miss the time.
#pragma once

#include <mutex>
#include <optional>

#include "accel/kvm/host.h"

namespace kelvin::kvm {

/// Any thread.
class GuestClock {
  public:
    /// `machine` outlives it.
    explicit GuestClock(const Fd& machine) : machine_(machine) {}

    /// Of its life, a vCPU runs.
    class Running {
      public:
        explicit Running(GuestClock& clock) : clock_(clock) { clock_.begin(); }
        ~Running() { clock_.end(); }
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;

      private:
        GuestClock& clock_;
    };

    /// Nanoseconds since the machine was made in which vCPUs ran; nothing if the kernel does not tell.
    std::optional<u64> now() const;

    /// A vCPU has run, or does.
    bool has_run() const;

  private:
    void begin();
    void end();

    const Fd& machine_;
    mutable std::mutex lock_;  // guards what follows
    unsigned running_ = 0;
    bool has_run_ = false;
    std::optional<u64> stands_at_;
};

}  // namespace kelvin::kvm
