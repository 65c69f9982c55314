// SPDX-License-Identifier: Apache-2.0
#include "control/gdbstub/processor_view.h"

#include <charconv>

#include "accel/x86_vcpu.h"
#include "cpu/arm64/debugger_view.h"
#include "cpu/x86/debugger_view.h"
#include "cpu/x86/page_walk.h"

namespace kelvin::gdbstub {

namespace {

class Arm64View final : public ProcessorView {
  public:
    explicit Arm64View(accel::Arm64Vcpu& vcpu) : cpu_(vcpu.arm64_cpu()) {}

    std::size_t register_count() const override { return arm64::DebuggerView::register_count(); }
    std::size_t register_size(std::size_t number) const override { return arm64::DebuggerView::register_size(number); }
    std::optional<std::size_t> find_register(std::string_view name) const override;
    std::vector<u8> read_register(std::size_t number) const override { return view().read_register(number); }
    void write_register(std::size_t number, std::span<const u8> bytes) override {
        view().write_register(number, bytes);
    }
    u64 pc() const override { return cpu_.state().pc; }
    void set_pc(u64 address) override { view().set_pc(address); }
    std::string description(std::string_view file) const override { return arm64::DebuggerView::description(file); }
    std::optional<Gpa> translate(const memory::AddressMap& memory, Gva address) const override {
        return view().translate(memory, address);
    }

  private:
    arm64::DebuggerView view() const { return arm64::DebuggerView(cpu_); }

    arm64::Cpu& cpu_;
};

std::optional<std::size_t> Arm64View::find_register(std::string_view name) const {
    constexpr std::size_t kStackPointer = 31;
    constexpr std::size_t kProgramCounter = 32;
    if (name == "pc" || name == "sp") {
        return name == "pc" ? kProgramCounter : kStackPointer;
    }
    if (!name.starts_with('x')) {
        return std::nullopt;
    }
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
    const bool is_number = error == std::errc() && end == name.data() + name.size();
    return is_number && number < kStackPointer ? std::optional(number) : std::nullopt;
}

/// What the host does not tell is shown as zero, and not written.
class X86View final : public ProcessorView {
  public:
    explicit X86View(accel::X86Vcpu& vcpu) : vcpu_(vcpu) {}

    std::size_t register_count() const override { return x86::debugger_register_count(); }
    std::size_t register_size(std::size_t number) const override { return x86::debugger_register_size(number); }
    std::optional<std::size_t> find_register(std::string_view name) const override {
        return x86::find_debugger_register(name == "pc" ? "rip" : name == "sp" ? "rsp" : name);
    }
    std::vector<u8> read_register(std::size_t number) const override {
        return x86::read_debugger_register(state(), number);
    }
    void write_register(std::size_t number, std::span<const u8> bytes) override {
        x86::State changed = state();
        x86::write_debugger_register(changed, number, bytes);
        write(changed);
    }
    u64 pc() const override { return state().rip; }
    void set_pc(u64 address) override {
        x86::State changed = state();
        changed.rip = address;
        write(changed);
    }
    std::string description(std::string_view file) const override { return x86::debugger_description(file); }
    std::optional<Gpa> translate(const memory::AddressMap& memory, Gva address) const override {
        const x86::State& now = state();
        return x86::walk_pages({now.cr0, now.cr3, now.cr4, now.efer}, memory, address);
    }

  private:
    const x86::State& state() const {
        if (!state_) {
            const auto read = vcpu_.read_state();
            is_known_ = static_cast<bool>(read);
            state_ = is_known_ ? *read : x86::State();
        }
        return *state_;
    }
    /// What the processor cannot be in, it is not in: the debugger reads what it is in.
    void write(const x86::State& changed) {
        if (is_known_) {
            (void)vcpu_.write_state(changed);
            state_.reset();
        }
    }

    accel::X86Vcpu& vcpu_;
    mutable std::optional<x86::State> state_;  // once it was asked for
    mutable bool is_known_ = false;
};

}  // namespace

std::unique_ptr<ProcessorView> view_of(accel::Vcpu& vcpu) {
    if (auto* const x86 = dynamic_cast<accel::X86Vcpu*>(&vcpu)) {
        return std::make_unique<X86View>(*x86);
    }
    return std::make_unique<Arm64View>(dynamic_cast<accel::Arm64Vcpu&>(vcpu));
}

}  // namespace kelvin::gdbstub
