// SPDX-License-Identifier: Apache-2.0
// Arm Generic Interrupt Controller, architecture version 2 (IHI 0048B), without the Security Extensions: up to 8 CPUs,
// 256 shared interrupts, 8 priority bits. The virtualisation interface (GICH, GICV) is not there.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "bus/word_registers.h"
#include "device/interrupt_controller/interrupt_bank.h"
#include "device/interrupt_controller/interrupt_controller.h"
#include "device/interrupt_controller/interrupt_inputs.h"

namespace kelvin::device {

/// One lock guards it all; it is taken inside any other device's lock, and outside those of the CPUs' wires.
class Gicv2 final : public InterruptController {
  public:
    static constexpr unsigned kMaxCpus = 8;
    static constexpr unsigned kInterrupts = 288;
    static constexpr unsigned kSharedBanks = kInterrupts / 32 - 1;
    static constexpr u64 kDistributorSize = 0x1000;
    static constexpr u64 kCpuInterfaceSize = 0x2000;

    struct CpuState {
        InterruptBank local;
        std::array<u8, 16> sgi_sources{};  ///< by SGI: the CPUs whose request is pending
        u32 control = 0;
        u8 priority_mask = 0;
        u8 binary_point = 0;
        u8 aliased_binary_point = 0;
        std::array<std::array<u32, 4>, 2> active_priorities{};  ///< by group: GICC_APR and GICC_NSAPR

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("local", local);
            visit("sgi_sources", sgi_sources);
            visit("control", control);
            visit("priority_mask", priority_mask);
            visit("binary_point", binary_point);
            visit("aliased_binary_point", aliased_binary_point);
            visit("active_priorities", active_priorities);
        }
    };
    struct State {
        u32 control = 0;
        std::array<InterruptBank, kSharedBanks> shared;
        std::array<u8, kInterrupts - 32> targets{};
        std::array<CpuState, kMaxCpus> cpus;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("control", control);
            visit("shared", shared);
            visit("targets", targets);
            visit("cpus", cpus);
        }
    };

    /// One element of `cpus` (1 to 8) for each CPU.
    explicit Gicv2(std::span<const CpuInterruptWires> cpus);

    /// GICD and GICC as `cpu` sees them: for AddressMap::add_banked_mmio.
    memory::MmioHandler& distributor(unsigned cpu) { return distributors_.at(cpu); }
    memory::MmioHandler& cpu_interface(unsigned cpu) { return interfaces_.at(cpu); }

    Wire shared_input(unsigned intid) override { return inputs_.shared(intid); }
    Wire private_input(unsigned cpu, unsigned intid) override { return inputs_.local(cpu, intid); }
    void reset() override;

    State save() const;
    void restore(const State& state);

  private:
    friend class InterruptInputs<Gicv2>;
    struct Candidate {
        unsigned intid = 0;
        unsigned group = 0;
        u8 priority = 0xff;
    };
    template <u32 (Gicv2::*Read)(unsigned, u64), void (Gicv2::*Write)(unsigned, u64, u32, u32)>
    class View final : public bus::WordRegisters {
      public:
        View(Gicv2& gic, unsigned cpu) : gic_(&gic), cpu_(cpu) {}

      private:
        u32 read_word(u64 offset) override;
        void write_word(u64 offset, u32 value, u32 mask) override;
        Gicv2* gic_;
        unsigned cpu_;
    };

    // Everything below expects the lock to be held, drive() excepted, which takes it.
    void drive(unsigned cpu, unsigned intid, bool level);
    void reset_registers();

    u32 read_distributor(unsigned cpu, u64 offset);
    void write_distributor(unsigned cpu, u64 offset, u32 value, u32 mask);
    u32 read_targets(unsigned cpu, unsigned first) const;
    void write_targets(unsigned first, u32 value, u32 mask);
    void write_bank_register(unsigned cpu, const BankRegister& which, u32 value, u32 mask);
    void generate_sgi(unsigned cpu, u32 request);
    u32 read_sgi_sources(unsigned cpu, unsigned first) const;
    void change_sgi_sources(unsigned cpu, unsigned first, u32 value, bool set);
    InterruptBank* bank_of(unsigned cpu, unsigned bank);

    u32 read_interface(unsigned cpu, u64 offset);
    void write_interface(unsigned cpu, u64 offset, u32 value, u32 mask);
    u32 pending_id(unsigned cpu, bool group1_view) const;
    u32 acknowledge(unsigned cpu, bool group1_view);
    void end_of_interrupt(unsigned cpu, u32 value);
    void deactivate(unsigned cpu, u32 intid);

    std::optional<Candidate> highest_pending(unsigned cpu) const;
    bool preempts(const CpuState& cpu, const Candidate& candidate) const;
    void update(unsigned cpu);
    void update_all();

    struct Output {
        bool irq = false;
        bool fiq = false;
    };

    const unsigned cpu_count_;
    std::vector<CpuInterruptWires> wires_;
    std::array<Output, kMaxCpus> outputs_{};  // as last driven
    InterruptInputs<Gicv2> inputs_;
    std::vector<View<&Gicv2::read_distributor, &Gicv2::write_distributor>> distributors_;
    std::vector<View<&Gicv2::read_interface, &Gicv2::write_interface>> interfaces_;

    mutable std::mutex lock_;
    State state_;
};

}  // namespace kelvin::device
