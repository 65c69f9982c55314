// SPDX-License-Identifier: Apache-2.0
// System registers and system instructions as a table: one row each, in the files registers_*.h by subject.
#pragma once

#include "base/gic_cpu_interface.h"
#include "cpu/arm64/model.h"
#include "cpu/arm64/state.h"

namespace kelvin::arm64 {

class Cpu;

/// The answer of a row's guard: what control bits say about an access that its exception level would permit.
enum class AccessVerdict : u8 { allowed, undefined, trapped, fp_trapped };

/// What a changed value means to the accelerator.
enum RegisterEffects : u8 {
    kNoEffect = 0,
    kTranslationEffect = 1,
    kModeEffect = 2,
    kBothEffects = 3,
    kControlEffect = 7  ///< both, and State has fields derived from it
};

inline constexpr u8 kNoLevel = 4;  ///< as a lowest level: not readable, or not writable

/// One register or instruction. Rows are made by the functions below and refined by the members that return a copy, so
/// that a row is one line.
struct SystemRegister {
    const char* name = nullptr;
    u16 encoding = 0;
    u8 read_level = kNoLevel, write_level = kNoLevel;
    Feature feature = Feature::base;
    RegisterEffects effects = kNoEffect;
    i32 offset = -1;                 ///< storage in State
    u64 reset = 0;                   ///< of the storage; what a register without storage and hook reads as
    u64 mask = ~u64{0};              ///< bits that a write changes; the others keep what they have in `reset`
    u64 IdRegisters::*id = nullptr;  ///< reads as this constant of the model
    u64 (*read)(Cpu&, u16 encoding) = nullptr;
    void (*write)(Cpu&, u64 value, u16 encoding) = nullptr;
    /// System instructions: false if an exception was taken.
    bool (*execute)(Cpu&, u64 value, u16 encoding) = nullptr;
    u64 (*model_mask)(const Model&) = nullptr;   ///< further limits `mask`
    u64 (*model_reset)(const Model&) = nullptr;  ///< replaces `reset`
    AccessVerdict (*guard)(Cpu&, bool write) = nullptr;

    constexpr SystemRegister with(Feature f) const {
        return changed([&](auto& r) { r.feature = f; });
    }
    constexpr SystemRegister resets_to(u64 v) const {
        return changed([&](auto& r) { r.reset = v; });
    }
    constexpr SystemRegister writable(u64 m) const {
        return changed([&](auto& r) { r.mask = m; });
    }
    constexpr SystemRegister by_model(u64 (*m)(const Model&), u64 (*v)(const Model&) = nullptr) const {
        return changed([&](auto& r) { r.model_mask = m, r.model_reset = v; });
    }
    constexpr SystemRegister on_read(u64 (*f)(Cpu&, u16)) const {
        return changed([&](auto& r) { r.read = f; });
    }
    constexpr SystemRegister on_write(void (*f)(Cpu&, u64, u16)) const {
        return changed([&](auto& r) { r.write = f; });
    }
    constexpr SystemRegister hooks(u64 (*r)(Cpu&, u16), void (*w)(Cpu&, u64, u16)) const {
        return on_read(r).on_write(w);
    }
    constexpr SystemRegister guarded(AccessVerdict (*f)(Cpu&, bool)) const {
        return changed([&](auto& r) { r.guard = f; });
    }
    constexpr SystemRegister affects(RegisterEffects e) const {
        return changed([&](auto& r) { r.effects = e; });
    }
    /// Writable from `level` only, while readable from the level it was declared with.
    constexpr SystemRegister written_from(u8 level) const {
        return changed([&](auto& r) { r.write_level = level; });
    }

  private:
    template <class Change>
    constexpr SystemRegister changed(Change change) const {
        SystemRegister copy = *this;
        change(copy);
        return copy;
    }
};

/// op0, op1, CRn, CRm, op2.
struct RegisterAddress {
    u8 op0, op1, crn, crm, op2;
    constexpr operator u16() const { return system_register_encoding(op0, op1, crn, crm, op2); }
};

/// A register stored in State at `offset`, from level `level` on.
constexpr SystemRegister stored(const char* name, RegisterAddress encoding, u8 level, std::size_t offset) {
    SystemRegister r{.name = name, .encoding = encoding, .read_level = level, .write_level = level};
    r.offset = static_cast<i32>(offset);
    return r;
}
/// Hooks to follow.
constexpr SystemRegister hooked(const char* name, RegisterAddress encoding, u8 level) {
    return {.name = name, .encoding = encoding, .read_level = level, .write_level = level};
}
constexpr SystemRegister read_only(const char* name, RegisterAddress encoding, u8 level) {
    return {.name = name, .encoding = encoding, .read_level = level};
}
constexpr SystemRegister write_only(const char* name, RegisterAddress encoding, u8 level) {
    return {.name = name, .encoding = encoding, .write_level = level};
}
/// Reads as zero, ignores writes.
constexpr SystemRegister raz_wi(const char* name, RegisterAddress encoding, u8 level) {
    return hooked(name, encoding, level).writable(0);
}
/// Constant of the model.
constexpr SystemRegister identification(const char* name, RegisterAddress encoding, u8 level, u64 IdRegisters::*id) {
    SystemRegister r = read_only(name, encoding, level);
    r.id = id;
    return r;
}
constexpr SystemRegister instruction(const char* name, RegisterAddress encoding, u8 level,
                                     bool (*execute)(Cpu&, u64, u16)) {
    SystemRegister r = write_only(name, encoding, level);
    r.execute = execute;
    return r;
}

/// The row of `encoding` (op0:op1:CRn:CRm:op2, as system_register_encoding makes it), or null: UNDEFINED.
const SystemRegister* find_system_register(u16 encoding);

/// For lifting: if reading (writing) the register in `pstate` on a processor of `model` is nothing but a 64-bit load
/// from (store to) State, its offset; otherwise -1: call Cpu::read_system_register (write_system_register).
i32 plain_read_offset(const Model& model, u16 encoding, u32 pstate);
i32 plain_write_offset(const Model& model, u16 encoding, u32 pstate);
/// Whether a write may change how code is translated or executed: the region ends after it.
bool write_changes_execution(u16 encoding);

/// What State holds after a cold reset; every register that the table stores.
void reset_system_registers(State& state, const Model& model);

/// The whole table, for tests and documentation; in no order.
std::span<const SystemRegister> system_registers();

}  // namespace kelvin::arm64
