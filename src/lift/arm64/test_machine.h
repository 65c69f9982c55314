// SPDX-License-Identifier: Apache-2.0
// A processor with a little memory that runs lifted code on the IR interpreter: for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <span>
#include <vector>

#include "cpu/arm64/cpu.h"
#include "cpu/arm64/pointer_signing.h"
#include "ir/interpreter.h"
#include "ir/verifier.h"
#include "lift/arm64/translate.h"

namespace kelvin::arm64::testing {

inline constexpr u64 kCode = 0x40000000;
inline constexpr u64 kRam = 0x50000000;
inline constexpr u64 kRamSize = 4096;

/// RAM at kRam; all else faults, as do accesses that are not aligned where they must be.
class FlatMemory final : public ir::MemoryPort {
  public:
    explicit FlatMemory(const State& state) : state_(state) {}

    bool load(u64 address, ir::MemInfo info, V128& value) override {
        if (!accessible(address, info)) {
            return false;
        }
        std::memcpy(&value, ram + (address - kRam), std::size_t{1} << info.size_log2);
        pairs += info.pair;
        return true;
    }
    bool store(u64 address, ir::MemInfo info, const V128& value) override {
        if (!accessible(address, info)) {
            return false;
        }
        std::memcpy(ram + (address - kRam), &value, std::size_t{1} << info.size_log2);
        pairs += info.pair;
        return true;
    }
    bool load_exclusive(u64 address, ir::MemInfo info, V128& value) override {
        monitored = true;
        return load(address, info, value);
    }
    bool store_exclusive(u64 address, ir::MemInfo info, const V128& value, u32& failed) override {
        failed = !monitored;
        const bool stored = !monitored || store(address, info, value);
        monitored = false;
        return stored;
    }
    void clear_exclusive() override { monitored = false; }
    bool atomic_rmw(u64 address, ir::MemInfo info, ir::AtomicKind kind, u64 operand, u64& old) override {
        V128 value{};
        if (!load(address, info, value)) {
            return false;
        }
        old = value.d[0];
        return store(address, info, v128(combine(kind, old, operand, 8u << info.size_log2)));
    }
    bool compare_and_swap(u64 address, ir::MemInfo info, const V128& expected, const V128& desired,
                          V128& old) override {
        return load(address, info, old) && (!(old == expected) || store(address, info, desired));
    }

    alignas(16) u8 ram[kRamSize] = {};
    bool monitored = false;
    unsigned pairs = 0;  ///< accesses to two values at once

  private:
    bool accessible(u64 address, ir::MemInfo info) const {
        const u64 size = u64{1} << info.size_log2;
        const bool aligned = address % size == 0 || !info.aligned;
        const bool stack_aligned = !info.stack || state_.sp % 16 == 0;
        return aligned && stack_aligned && address - kRam <= kRamSize - size;
    }
    static u64 combine(ir::AtomicKind kind, u64 a, u64 b, unsigned width) {
        const i64 sa = sign_extend(a, width);
        const i64 sb = sign_extend(b, width);
        b &= low_mask(width);
        switch (kind) {
            case ir::AtomicKind::add:
                return a + b;
            case ir::AtomicKind::clear:
                return a & ~b;
            case ir::AtomicKind::exclusive_or:
                return a ^ b;
            case ir::AtomicKind::set:
                return a | b;
            case ir::AtomicKind::smax:
                return sa > sb ? a : b;
            case ir::AtomicKind::smin:
                return sa < sb ? a : b;
            case ir::AtomicKind::umax:
                return a > b ? a : b;
            case ir::AtomicKind::umin:
                return a < b ? a : b;
            case ir::AtomicKind::swap:
                return b;
        }
        return 0;
    }

    const State& state_;
};

/// Time stands still and no timer fires.
class NoTimers final : public TimerService {
  public:
    i64 now_ns() const override { return 0; }
    ClockStretch stretch() const override { return {}; }
    TimerId add(Callback, void*) override { return TimerId{0}; }
    void remove(TimerId) override {}
    void arm(TimerId, i64) override {}
    void cancel(TimerId) override {}
};

class TestMachine final : public CpuEvents {
  public:
    TestMachine() : TestMachine(all_features()) {}
    explicit TestMachine(Model m)
        : model(std::move(m)), cpu(state, model, 0, ports(), *this), memory(state), decoder_(model.features) {
        state.cpu = &cpu;
        cpu.reset(kCode);
        state.cpacr = 3u << 20;
        state.vbar[1] = kVectors;
    }

    /// Runs `words` from kCode on until control leaves them, an exception is taken, or `most` regions have run.
    void run(std::initializer_list<u32> words, unsigned most = 100) {
        run(std::span(words.begin(), words.size()), most);
    }
    void run(std::span<const u32> words, unsigned most = 100) {
        std::vector<u8> page(words.size() * 4);
        std::memcpy(page.data(), words.data(), page.size());
        state.pc = kCode;
        faulted = false;
        for (unsigned i = 0; i < most && !faulted && state.pc - kCode < page.size() && state.pc % 4 == 0; i++) {
            run_region(page, arrive(page));
        }
    }

    /// The mode in which the region at the pc begins; as the fetcher of the code does, the branch type moves from the
    /// state into it.
    Mode arrive(std::span<const u8> page) {
        const u32 branch_type = (state.pstate & pstate::kBtypeMask) >> pstate::kBtypeShift;
        state.pstate &= ~pstate::kBtypeMask;
        derive_code_bits(state);
        Mode mode = current_mode(state);
        mode.bits |= shared ? Mode::kShared : 0;
        u32 first = 0;
        std::memcpy(&first, page.data() + (state.pc - kCode), sizeof first);
        return entry_mode(mode, guarded, branch_type, first);
    }
    void run_region(std::span<const u8> page, Mode mode) {
        ir::Region region;
        lift_region(region, decoder_, model, mode, page, static_cast<unsigned>(state.pc - kCode));
        const auto verified = ir::verify(region);
        ASSERT_TRUE(verified) << verified.error().message();
        ir::Interpreter interpreter(&state, &state, memory);
        const ir::RegionExit exit = interpreter.run(region, kCode, &has_left);
        faulted = exit.kind == ir::RegionExit::Kind::fault;
        if (exit.kind == ir::RegionExit::Kind::direct || exit.kind == ir::RegionExit::Kind::indirect) {
            state.pc = exit.pc;
        }
    }

    /// The exception class of the exception that has been taken to EL1; 0xff if none has.
    u8 exception_class() const { return state.pc - kVectors < 0x800 ? static_cast<u8>(state.esr[1] >> 26) : u8{0xff}; }

    void to_el0() { state.pstate &= ~(pstate::kElMask | pstate::kSp | pstate::kDaif); }

    void tlb_flush_all(bool) override {}
    void tlb_flush_asid(u16, bool) override {}
    void tlb_flush_pages(Gva, u64, u64, std::optional<u16>, bool) override {}
    void complete_flushes() override { completed++; }
    void translation_changed() override {}
    void mode_changed() override { mode_changes++; }
    void interrupts_unmasked() override { unmaskings++; }
    void wait_for_interrupt(i64) override { waits++; }
    void wait_for_event(i64) override { event_waits++; }
    void send_event() override { cpu.set_event(); }
    bool firmware_call(bool) override { return false; }

    static Model all_features() {
        Model m{};
        m.name = "test";
        m.features.set();
        m.id.dczid = 4;
        m.physical_bits = 40;
        return m;
    }

    static constexpr u64 kVectors = 0x60000000;
    Model model;
    State state{};
    NoTimers timers;
    Cpu cpu;
    FlatMemory memory;
    bool guarded = false;  ///< the code's page
    bool shared = false;   ///< there are other processors
    unsigned completed = 0, mode_changes = 0, unmaskings = 0, waits = 0, event_waits = 0;
    bool faulted = false;

  private:
    Cpu::Ports ports() {
        Cpu::Ports p;
        p.clock = &timers;
        p.timers = &timers;
        return p;
    }
    /// An exception moves the pc away from the instruction that made the call.
    static bool has_left(void* state) { return static_cast<State*>(state)->pc - kCode >= 4096; }

    Decoder decoder_;
};

}  // namespace kelvin::arm64::testing
