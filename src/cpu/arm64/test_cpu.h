// SPDX-License-Identifier: Apache-2.0
// A processor for tests: its events are recorded, its time stands still until told.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cpu/arm64/cpu.h"
#include "cpu/arm64/system_registers.h"

namespace kelvin::arm64 {

/// Timers that fire when advance() passes them.
class TestTimers : public TimerService {
  public:
    i64 now_ns() const override { return now_; }
    ClockStretch stretch() const override { return {}; }
    TimerId add(Callback callback, void* context) override {
        slots_.push_back({callback, context, kNever});
        return TimerId{static_cast<u32>(slots_.size() - 1)};
    }
    void remove(TimerId timer) override { slot(timer).callback = nullptr; }
    void arm(TimerId timer, i64 deadline_ns) override { slot(timer).deadline = deadline_ns; }
    void cancel(TimerId timer) override { slot(timer).deadline = kNever; }

    /// Time jumps to `ns`; what is due by then fires then.
    void advance_to(i64 ns) {
        now_ = ns;
        for (Slot& s : slots_) {
            if (s.callback != nullptr && s.deadline <= now_) {
                s.deadline = kNever;
                s.callback(s.context);
            }
        }
    }
    i64 next_deadline() const {
        i64 next = kNever;
        for (const Slot& s : slots_) {
            next = std::min(next, s.deadline);
        }
        return next;
    }
    static constexpr i64 kNever = INT64_MAX;

  private:
    struct Slot {
        Callback callback;
        void* context;
        i64 deadline;
    };
    Slot& slot(TimerId timer) { return slots_.at(static_cast<std::size_t>(timer)); }

    i64 now_ = 0;
    std::vector<Slot> slots_;
};

/// Events as a text, one word each.
class TestEvents : public CpuEvents {
  public:
    std::string log;
    bool answers_calls = false;
    Cpu* cpu = nullptr;

    std::string take() { return std::exchange(log, {}); }

    void tlb_flush_all(bool everywhere) override { add(everywhere ? "all-is" : "all"); }
    void tlb_flush_asid(u16 asid, bool everywhere) override {
        add("asid:" + std::to_string(asid) + (everywhere ? "-is" : ""));
    }
    void tlb_flush_pages(Gva address, u64 size, u64 count, std::optional<u16> asid, bool everywhere) override {
        char text[128];
        std::snprintf(text, sizeof text, "pages:%llx,%llx,%llu,%d%s", static_cast<unsigned long long>(address.value),
                      static_cast<unsigned long long>(size), static_cast<unsigned long long>(count), asid ? *asid : -1,
                      everywhere ? "-is" : "");
        add(text);
    }
    void complete_flushes() override { add("complete"); }
    void translation_changed() override { add("translation"); }
    void mode_changed() override { add("mode"); }
    void interrupts_unmasked() override { add("unmasked"); }
    void wait_for_interrupt(i64 deadline_ns) override { add("wait" + until(deadline_ns)); }
    void wait_for_event(i64 deadline_ns) override { add("wait-event" + until(deadline_ns)); }
    void send_event() override { add("send"); }
    bool firmware_call(bool smc) override {
        add(smc ? "smc" : "hvc");
        return answers_calls;
    }

  private:
    static std::string until(i64 ns) { return ns == INT64_MAX ? std::string() : ":" + std::to_string(ns); }
    void add(const std::string& word) { log += log.empty() ? word : " " + word; }
};

/// A wire's end that remembers.
struct TestLine {
    bool level = false;
    unsigned changes = 0;
    void set(bool l) {
        level = l;
        changes++;
    }
};

/// A processor of model `name`, reset, at EL1 with its vectors at kVectors.
class TestCpu {
  public:
    static constexpr u64 kVectors = 0xffff'8000'0001'0000, kEntry = 0x4000'0000;

    explicit TestCpu(std::string_view name = "max", GicCpuInterface* gic = nullptr,
                     const memory::AddressMap* memory = nullptr)
        : model(*find_model(name, {})), cpu(state, model, 0x102, ports(gic, memory), events) {
        cpu.reset(kEntry);
        state.vbar[1] = kVectors;
        events.take();
    }

    /// EL0, or EL1 with SP_EL1 selected; interrupts unmasked.
    void go_to(unsigned el) {
        cpu.select_stack(static_cast<ExceptionLevel>(el), el != 0), state.pstate &= ~pstate::kDaif;
    }
    u64 read(RegisterAddress which) {
        u64 value = 0xdead;
        EXPECT_TRUE(cpu.read_system_register(which, value, 0));
        return value;
    }
    void write(RegisterAddress which, u64 value) { EXPECT_TRUE(cpu.write_system_register(which, value, 0)); }
    /// EC of the exception that an access takes; -1 if it takes none. State is as before afterwards.
    int read_exception(RegisterAddress which, u8 rt = 0) {
        u64 value = 0;
        return exception_of([&] { return cpu.read_system_register(which, value, rt); });
    }
    int write_exception(RegisterAddress which, u64 value = 0, u8 rt = 0) {
        return exception_of([&] { return cpu.write_system_register(which, value, rt); });
    }
    template <class Access>
    int exception_of(Access access) {
        const State before = state;
        const bool done = access();
        last_iss = static_cast<u32>(state.esr[1] & 0x1ffffff);
        const int ec = done ? -1 : static_cast<int>(state.esr[1] >> 26);
        if (!done) {
            EXPECT_EQ(state.elr[1], before.pc);
            state = before;
        }
        return ec;
    }

    u32 last_iss = 0;
    TestTimers timers;
    TestEvents events;
    TestLine virtual_line, physical_line, pmu_line;
    alignas(64) State state{};
    Model model;
    Cpu cpu;

  private:
    Cpu::Ports ports(GicCpuInterface* gic, const memory::AddressMap* memory) {
        Cpu::Ports p;
        p.clock = &timers;
        p.timers = &timers;
        p.memory = memory;
        p.gic = gic;
        p.timer_virtual = wire_to<&TestLine::set>(virtual_line);
        p.timer_physical = wire_to<&TestLine::set>(physical_line);
        p.pmu = wire_to<&TestLine::set>(pmu_line);
        return p;
    }
};

}  // namespace kelvin::arm64
