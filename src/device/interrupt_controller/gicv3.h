// SPDX-License-Identifier: Apache-2.0
// Arm Generic Interrupt Controller, architecture version 3 (IHI 0069), as a system without EL3 sees it: one Security
// state (GICD_CTLR.DS is 1), affinity routing always on, 256 shared interrupts, 5 priority bits; LPIs on demand
// (its.h).
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/gic_cpu_interface.h"
#include "bus/word_registers.h"
#include "device/interrupt_controller/interrupt_bank.h"
#include "device/interrupt_controller/interrupt_controller.h"
#include "device/interrupt_controller/interrupt_inputs.h"
#include "device/interrupt_controller/lpis.h"

namespace kelvin::device {

/// A CPU of a GICv3 system: its affinity is that of MPIDR_EL1, Aff3 in bits [39:32], Aff2 to Aff0 in bits [23:0].
struct Gicv3Cpu {
    u64 affinity = 0;
    CpuInterruptWires wires;
};

/// One lock guards it all; it is taken inside any other device's lock, and outside those of the CPUs' wires.
class Gicv3 final : public InterruptController {
  public:
    static constexpr unsigned kInterrupts = 288;
    static constexpr unsigned kSharedBanks = kInterrupts / 32 - 1;
    static constexpr u64 kDistributorSize = 0x10000;
    static constexpr u64 kRedistributorSize = 0x20000;  ///< of one CPU: the RD frame, then the SGI frame

    struct CpuState {
        InterruptBank local;
        bool asleep = true;  ///< GICR_WAKER.ProcessorSleep
        u32 control = 0;     ///< ICC_CTLR_EL1.{EOImode, CBPR}
        u8 priority_mask = 0;
        std::array<u8, 2> binary_point{};  ///< by group, as written
        std::array<bool, 2> group_enable{};
        std::array<std::array<u32, 1>, 2> active_priorities{};

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("local", local);
            visit("asleep", asleep);
            visit("control", control);
            visit("priority_mask", priority_mask);
            visit("binary_point", binary_point);
            visit("group_enable", group_enable);
            visit("active_priorities", active_priorities);
        }
    };
    struct State {
        u32 control = 0;  ///< GICD_CTLR.{EnableGrp1, EnableGrp0}
        std::array<InterruptBank, kSharedBanks> shared;
        std::array<u64, kInterrupts - 32> routes{};
        std::vector<CpuState> cpus;
        std::vector<Lpis::State> lpis;  ///< one a CPU, or none at all

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("control", control);
            visit("shared", shared);
            visit("routes", routes);
            visit("cpus", cpus);
            visit("lpis", lpis);
        }
    };

    /// With `dma`, which outlives this object, there are LPIs.
    explicit Gicv3(std::span<const Gicv3Cpu> cpus, const memory::Dma* dma = nullptr);

    memory::MmioHandler& distributor() { return distributor_; }
    /// All CPUs' redistributors, one after the other: kRedistributorSize each.
    memory::MmioHandler& redistributors() { return redistributors_; }
    GicCpuInterface& cpu_interface(unsigned cpu) { return interfaces_.at(cpu); }

    Wire shared_input(unsigned intid) override { return inputs_.shared(intid); }
    Wire private_input(unsigned cpu, unsigned intid) override { return inputs_.local(cpu, intid); }
    void reset() override;

    State save() const;
    /// `state` has as many CPUs, and LPIs of them, as this GIC, or nothing happens.
    void restore(const State& state);

    // What an ITS asks of redistributors, about processors that there are and any number of an interrupt.
    unsigned processors() const { return cpu_count(); }
    void set_lpi(unsigned cpu, u32 intid);
    void clear_lpi(unsigned cpu, u32 intid);
    /// If it is pending, it will be so at another processor.
    void move_lpi(unsigned from, unsigned to, u32 intid);
    void move_all_lpis(unsigned from, unsigned to);
    /// The configuration of one, or of all, has changed in memory.
    void reload_lpi(unsigned cpu, u32 intid);
    void reload_lpis(unsigned cpu);

  private:
    friend class InterruptInputs<Gicv3>;
    struct Candidate {
        unsigned intid = 0;
        unsigned group = 0;
        u8 priority = 0xff;
    };
    struct Output {
        bool irq = false;
        bool fiq = false;
    };
    class Distributor final : public bus::WordRegisters {
      public:
        explicit Distributor(Gicv3& gic) : gic_(&gic) {}

      private:
        u32 read_word(u64 offset) override;
        void write_word(u64 offset, u32 value, u32 mask) override;
        Gicv3* gic_;
    };
    class Redistributors final : public bus::WordRegisters {
      public:
        explicit Redistributors(Gicv3& gic) : gic_(&gic) {}

      private:
        u32 read_word(u64 offset) override;
        void write_word(u64 offset, u32 value, u32 mask) override;
        Gicv3* gic_;
    };
    class CpuInterface final : public GicCpuInterface {
      public:
        CpuInterface(Gicv3& gic, unsigned cpu) : gic_(&gic), cpu_(cpu) {}
        u64 read(IccRegister which) override;
        void write(IccRegister which, u64 value) override;

      private:
        Gicv3* gic_;
        unsigned cpu_;
    };

    // Everything below expects the lock to be held, drive() excepted, which takes it.
    void drive(unsigned cpu, unsigned intid, bool level);
    void reset_registers();
    unsigned cpu_count() const { return static_cast<unsigned>(cpus_.size()); }
    InterruptBank& bank_of(unsigned cpu, unsigned intid);

    u32 read_distributor(u64 offset) const;
    void write_distributor(u64 offset, u32 value, u32 mask);
    u32 read_redistributor(unsigned cpu, u64 offset) const;
    void write_redistributor(unsigned cpu, u64 offset, u32 value, u32 mask);
    void write_lpi_register(unsigned cpu, u64 offset, u32 value, u32 mask);
    void resolve_route(unsigned spi);

    u64 read_register(unsigned cpu, IccRegister which);
    void write_register(unsigned cpu, IccRegister which, u64 value);
    u32 pending_id(unsigned cpu, unsigned group) const;
    u32 acknowledge(unsigned cpu, unsigned group);
    void end_of_interrupt(unsigned cpu, unsigned group, u64 intid);
    void deactivate(unsigned cpu, u64 intid);
    void generate_sgi(unsigned cpu, unsigned group, u64 request);

    std::optional<Candidate> highest_pending(unsigned cpu) const;
    bool preempts(const CpuState& cpu, const Candidate& candidate) const;
    unsigned choose_any(unsigned group) const;
    void update(unsigned cpu);
    void update_all();
    void cpu_changed(unsigned cpu);

    const std::vector<Gicv3Cpu> cpus_;
    std::vector<Output> outputs_;  // as last driven
    InterruptInputs<Gicv3> inputs_;
    Distributor distributor_{*this};
    Redistributors redistributors_{*this};
    std::vector<CpuInterface> interfaces_;

    mutable std::mutex lock_;
    State state_;             // but for LPIs
    std::vector<Lpis> lpis_;  // one a CPU, or none at all
    // What routes mean: a CPU's index, kNowhere, or kAnywhere for 1-of-N.
    static constexpr u16 kNowhere = 0xffff;
    static constexpr u16 kAnywhere = 0xfffe;
    std::array<u16, kInterrupts - 32> targets_{};
    unsigned anywhere_count_ = 0;
};

}  // namespace kelvin::device
