// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/lockstep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "accel/translator/atomic_operation.h"
#include "accel/translator/vcpu.h"
#include "ir/text.h"

namespace kelvin::translator {

namespace {

constexpr u64 kPage = 4096;

constexpr u32 kFlags = ir::stored_flags::kN | ir::stored_flags::kZ | ir::stored_flags::kNotC | ir::stored_flags::kV;

bool never_left(void*) {
    return false;
}

/// Or would not do the same twice.
bool has_effects(const ir::Region& region) {
    const auto calls = [](const ir::Call& call) { return call.helper->effects != ir::kHelperPure; };
    const auto reads_clock = [](const ir::Op& op) { return op.code == ir::Opcode::read_clock; };
    return std::ranges::any_of(region.calls, calls) || std::ranges::any_of(region.ops, reads_clock);
}

unsigned size_of(ir::MemInfo info) {
    return 1u << info.size_log2;
}

u64 combine_sized(ir::AtomicKind kind, unsigned size, u64 old, u64 operand) {
    switch (size) {
        case 1:
            return translator::combine(kind, static_cast<u8>(old), static_cast<u8>(operand));
        case 2:
            return translator::combine(kind, static_cast<u16>(old), static_cast<u16>(operand));
        case 4:
            return translator::combine(kind, static_cast<u32>(old), static_cast<u32>(operand));
        default:
            return translator::combine(kind, old, operand);
    }
}

/// Without the bits that mean nothing, what other threads change, and those that host arithmetic does not give exactly
/// (emit/x64/lower_fp.h).
arm64::State normalized(const arm64::State& state) {
    constexpr u32 kFlushing = 1u << 24 | 1u << 19;                                     // FPCR.FZ, FZ16
    constexpr u32 kUnderflow = 1u << 3, kInexact = 1u << 4, kInputDenormal = 1u << 7;  // FPSR
    arm64::State result = state;
    result.flags &= kFlags;
    result.interrupts = 0;
    result.fpsr &= ~(kUnderflow | ((state.fpcr & kFlushing) != 0 ? kInexact | kInputDenormal : 0));
    return result;
}

template <class T>
std::string line(std::string_view name, const T& start, const T& expected, const T& actual) {
    if (std::memcmp(&expected, &actual, sizeof(T)) == 0) {
        return {};
    }
    if constexpr (sizeof(T) == sizeof(V128)) {
        const auto text = [](const V128& v) { return fmt::format("{:016x}_{:016x}", v.d[1], v.d[0]); };
        return fmt::format("{}: was {}, interpreted {}, translated {}\n", name, text(start), text(expected),
                           text(actual));
    } else {
        return fmt::format("{}: was {:x}, interpreted {:x}, translated {:x}\n", name, start, expected, actual);
    }
}

/// A line for each register that differs.
std::string compare(const arm64::State& start, const arm64::State& expected, const arm64::State& actual) {
    if (std::memcmp(&expected, &actual, sizeof expected) == 0) {
        return {};
    }
    std::string text;
    for (unsigned i = 0; i < 31; i++) {
        text += line(fmt::format("x{}", i), start.x[i], expected.x[i], actual.x[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        text += line(fmt::format("v{}", i), start.v[i], expected.v[i], actual.v[i]);
    }
    text += line("sp", start.sp, expected.sp, actual.sp);
    text += line("pc", start.pc, expected.pc, actual.pc);
    text += line("nzcv", start.nzcv(), expected.nzcv(), actual.nzcv());
    text += line("pstate", start.pstate, expected.pstate, actual.pstate);
    text += line("fpsr", start.fpsr, expected.fpsr, actual.fpsr);
    text += line("exception taken", start.exception_taken, expected.exception_taken, actual.exception_taken);
    return text.empty() ? "a system register differs\n" : text;
}

}  // namespace

Lockstep::Lockstep(TranslatorVcpu& vcpu, u64 every)
    : vcpu_(vcpu), every_(every), decoder_(vcpu.cpu().model().features), interpreter_(&expected_, &expected_, *this) {}

Lockstep::~Lockstep() {
    fmt::print(stderr, "check: {} regions compared, {} left out\n", compared_, left_out_);
}

void Lockstep::before(const CodeSource& source, unsigned instructions) {
    armed_ = false;
    if (++seen_ % every_ != 0) {
        return;
    }
    source_ = source;
    instructions_ = instructions;
    arm64::lift_region(region_, decoder_, vcpu_.cpu().model(), source.mode, {source.page, kPage},
                       static_cast<unsigned>(source.physical % kPage), {instructions}, {false, false, false});
    armed_ = !has_effects(region_) && interpret(vcpu_.state().pc & ~(kPage - 1));
    left_out_ += armed_ ? 0 : 1;
}

bool Lockstep::interpret(u64 page) {
    std::memcpy(&start_, &vcpu_.state(), sizeof start_);
    std::memcpy(&expected_, &start_, sizeof expected_);
    monitor_ = {vcpu_.runtime().exclusive_address, vcpu_.runtime().exclusive_value, 0};
    written_.clear();
    const ir::RegionExit exit = interpreter_.run(region_, page, &never_left);
    if (exit.kind == ir::RegionExit::Kind::fault) {
        return false;
    }
    if (exit.kind != ir::RegionExit::Kind::state) {
        expected_.pc = exit.pc;
    }
    // One that goes on at its last instruction may have been given up after too many ops.
    return expected_.pc != page + exit.page_offset;
}

void Lockstep::after() {
    if (!armed_) {
        return;
    }
    armed_ = false;
    // A region that another thread called out of a loop has not done all that the interpreter did.
    if (__atomic_load_n(&vcpu_.runtime().kick, __ATOMIC_SEQ_CST) != 0) {
        left_out_++;
        return;
    }
    compared_++;
    if (const std::string text = differences(); !text.empty()) {
        report(text);
    }
}

std::string Lockstep::differences() const {
    std::string text = compare(start_, normalized(expected_), normalized(vcpu_.state()));
    const x64::Runtime& runtime = vcpu_.runtime();
    if (monitor_.address != runtime.exclusive_address ||
        std::memcmp(&monitor_.value, &runtime.exclusive_value, monitor_.size) != 0) {
        text += fmt::format("exclusive monitor: interpreted {:x}, translated {:x}\n", monitor_.address,
                            runtime.exclusive_address);
    }
    for (const auto& [place, value] : written_) {
        if (*place != value) {
            text += fmt::format("byte at {}: interpreted {:02x}, translated {:02x}\n", fmt::ptr(place), value, *place);
        }
    }
    return text;
}

void Lockstep::report(const std::string& differences) {
    Disassembler disassembler(Disassembler::Architecture::arm64);
    const u8* const code = source_.page + source_.physical % kPage;
    fmt::print(stderr, "\nkelvin: translated code does not do what the interpreter does\n{}", differences);
    fmt::print(stderr, "guest {:#x} at {:#x} in mode {:#x}\n{}ir\n{}\n{}\n", source_.physical, start_.pc,
               source_.mode.bits, disassembler.text(code, std::size_t{4} * instructions_, start_.pc),
               ir::print(region_), vcpu_.translator().describe_code(source_, instructions_, vcpu_.cpu().model()));
    for (unsigned i = 0; i < 31; i++) {
        fmt::print(stderr, "x{}={:x}{}", i, start_.x[i], i % 4 == 3 || i == 30 ? "\n" : " ");
    }
    fmt::print(stderr, "sp={:x} nzcv={:x} fpsr={:x}\n", start_.sp, start_.nzcv(), start_.fpsr);
    std::abort();
}

template <class Visit>
bool Lockstep::each_byte(u64 address, ir::MemInfo info, arm64::Access access, Visit visit) {
    if ((info.stack && (expected_.sp & 15) != 0) || (info.aligned && (address & (size_of(info) - 1)) != 0)) {
        return false;
    }
    arm64::AccessType type;
    type.access = access;
    type.el = info.unprivileged ? arm64::ExceptionLevel::el0 : expected_.el();
    type.pan = (expected_.pstate & arm64::pstate::kPan) != 0;
    type.address_translate = true;  // no flags in the tables are changed
    u8* host = nullptr;
    for (unsigned i = 0; i < size_of(info); i++) {
        const u64 byte = address + i;
        if (host == nullptr || byte % kPage == 0) {
            const arm64::TranslationResult result =
                arm64::translate(vcpu_.spaces().regime(vcpu_.cpu()), vcpu_.translator().memory(), Gva{byte}, type);
            const bool misaligned = (address & (size_of(info) - 1)) != 0;
            if (result.faulted() || (result.translation().device && misaligned) || vcpu_.cpu().is_page_watched(byte)) {
                return false;
            }
            const Gpa physical = result.translation().physical;
            const memory::PageBacking backing = vcpu_.translator().memory().find_page(physical);
            if (backing.host == nullptr || (access == arm64::Access::write && !backing.writable)) {
                return false;
            }
            host = backing.host + physical.value % kPage;
        }
        visit(i, host++);
    }
    return true;
}

bool Lockstep::read(u64 address, ir::MemInfo info, arm64::Access access, V128& value) {
    return each_byte(address, info, access, [&](unsigned i, u8* place) {
        const auto found = written_.find(place);
        value.b[i] = found != written_.end() ? found->second : *place;
    });
}

bool Lockstep::load(u64 address, ir::MemInfo info, V128& value) {
    return read(address, info, arm64::Access::read, value);
}

bool Lockstep::store(u64 address, ir::MemInfo info, const V128& value) {
    return each_byte(address, info, arm64::Access::write, [&](unsigned i, u8* place) { written_[place] = value.b[i]; });
}

bool Lockstep::load_exclusive(u64 address, ir::MemInfo info, V128& value) {
    value = V128{};
    if (!load(address, info, value)) {
        return false;
    }
    monitor_ = {address, value, size_of(info)};
    return true;
}

bool Lockstep::store_exclusive(u64 address, ir::MemInfo info, const V128& value, u32& failed) {
    V128 now{};
    if (!read(address, info, arm64::Access::write, now)) {
        return false;
    }
    failed = monitor_.address != address || std::memcmp(&now, &monitor_.value, size_of(info)) != 0;
    clear_exclusive();
    return failed != 0 || store(address, info, value);
}

bool Lockstep::atomic_rmw(u64 address, ir::MemInfo info, ir::AtomicKind kind, u64 operand, u64& old) {
    V128 value{};
    if (!read(address, info, arm64::Access::write, value)) {
        return false;
    }
    old = value.d[0];
    return store(address, info, v128(combine_sized(kind, size_of(info), old, operand)));
}

bool Lockstep::compare_and_swap(u64 address, ir::MemInfo info, const V128& expected, const V128& desired, V128& old) {
    old = V128{};
    return read(address, info, arm64::Access::write, old) && (!(old == expected) || store(address, info, desired));
}

}  // namespace kelvin::translator
