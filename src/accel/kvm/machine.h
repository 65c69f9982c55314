// SPDX-License-Identifier: Apache-2.0
// A virtual machine of KVM's: guest memory, and the interrupt controllers and timer that the kernel has for it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "accel/kvm/guest_clock.h"
#include "accel/kvm/host.h"
#include "base/wire.h"
#include "memory/address_map.h"

namespace kelvin::kvm {

/// A PC's two PICs, its IOAPIC, local APICs and PIT, all in the kernel (4.24, 4.71). It outlives its vCPUs.
class Machine final : private memory::MappingObserver {
  public:
    static Result<std::unique_ptr<Machine>> create(Host host);
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    const Host& host() const { return host_; }
    /// What the guest has; once, before any vCPU is made. `memory` has all its regions; it may die before the machine,
    /// when no vCPU is left. Changes of what host memory serves are followed; `failed` is called, on any thread, when
    /// the kernel refuses one.
    Result<> set_memory(memory::AddressMap& memory, std::function<void(const Error&)> failed);
    memory::AddressMap& memory() const { return *memory_; }
    const Fd& fd() const { return fd_; }
    GuestClock& clock() { return clock_; }

    /// A global system interrupt: pin `number` of the IOAPIC, and below 16 of the PICs too. Any thread.
    Wire interrupt(unsigned number);
    static constexpr unsigned kInterrupts = 24;

    /// What a device writes to local APICs (SDM 11.11). Any thread. To other addresses: lost.
    void signal_message(u64 address, u32 data);

    /// Interrupt controllers and timer to the state after power-on. While no vCPU runs.
    void reset();

  private:
    struct Line {
        Machine* machine;
        unsigned number;
        void set(bool level) { machine->set_interrupt(number, level); }
    };
    /// What KVM gave the machine when it was made.
    struct PowerOn {
        std::vector<kvm_irqchip> chips;
        kvm_pit_state2 timer{};
    };

    Machine(Host host, Fd fd);
    Result<> build();
    Result<> route_interrupts();
    void mapping_changed(Gpa start, u64 size) override;
    Result<> update_slots();
    Result<> set_slot(u32 number, const memory::HostRange& range);
    void set_interrupt(unsigned number, bool level);

    const Host host_;
    const Fd fd_;
    GuestClock clock_{fd_};
    memory::AddressMap* memory_ = nullptr;
    std::function<void(const Error&)> failed_;
    std::mutex slots_lock_;                 // guards the next; inside devices' locks
    std::vector<memory::HostRange> slots_;  // by number; of size 0: free
    std::deque<Line> lines_;
    PowerOn power_on_;
};

}  // namespace kelvin::kvm
