// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/system_registers.h"

#include <array>
#include <cstring>

#include "base/bits.h"
#include "cpu/arm64/cpu.h"
#include "cpu/arm64/pointer_signing.h"
#include "cpu/arm64/registers_control.h"
#include "cpu/arm64/registers_debug.h"
#include "cpu/arm64/registers_gic.h"
#include "cpu/arm64/registers_identification.h"
#include "cpu/arm64/registers_pmu.h"
#include "cpu/arm64/registers_timer.h"
#include "cpu/arm64/system_instructions.h"

namespace kelvin::arm64 {
namespace {

template <const auto&... kGroups>
consteval auto concatenate() {
    std::array<SystemRegister, (std::size(kGroups) + ...)> all{};
    std::size_t count = 0;
    const auto append = [&](const auto& group) {
        for (const SystemRegister& row : group) {
            all[count++] = row;
        }
    };
    (append(kGroups), ...);
    return all;
}

constexpr auto kTable =
    concatenate<identification_registers::kRows, control_registers::kRows, timer_registers::kRows, pmu_registers::kRows,
                debug_registers::kRows, gic_registers::kRows, system_instructions::kRows>();

/// Open addressing: the index into kTable plus one, 0 for empty.
constexpr unsigned kHashBits = 10;
constexpr unsigned hash(u16 encoding) {
    return (encoding * 0x9e3779b1u) >> (32 - kHashBits);
}

consteval auto make_index() {
    static_assert(kTable.size() < (1u << kHashBits) / 2);
    std::array<u16, 1u << kHashBits> index{};
    for (std::size_t i = 0; i < kTable.size(); i++) {
        unsigned slot = hash(kTable[i].encoding);
        while (index[slot] != 0) {
            if (kTable[index[slot] - 1u].encoding == kTable[i].encoding) {
                throw "two rows with one encoding";
            }
            slot = (slot + 1) % index.size();
        }
        index[slot] = static_cast<u16>(i + 1);
    }
    return index;
}
constexpr auto kIndex = make_index();

constexpr u16 kSpEl0 = RegisterAddress{3, 0, 4, 1, 0};
constexpr SystemRegister kReservedId = read_only("reserved ID register", {3, 0, 0, 1, 0}, 1);

struct Encoding {
    unsigned op0, op1, crn, crm, op2;
    constexpr explicit Encoding(u16 e)
        : op0(e >> 14), op1(e >> 11 & 7), crn(e >> 7 & 15), crm(e >> 3 & 15), op2(e & 7) {}
};

/// ID registers not allocated yet read as zero (ARM ARM D23.1.3).
bool is_reserved_id(Encoding e) {
    return e.op0 == 3 && e.op1 == 0 && e.crn == 0 && e.crm >= 1 && e.crm <= 7;
}

/// Where FEAT_IDST reports an UNDEFINED read as a trapped one, at any level.
bool is_feature_id_space(Encoding e) {
    return e.op0 == 3 && (e.op1 == 0 || e.op1 == 1 || e.op1 == 3) && e.crn == 0 && e.crm <= 7;
}

/// ISS of a trapped MSR, MRS or System instruction (D24, ISS encoding for EC 0x18).
u32 trap_syndrome(u16 encoding, bool write, u8 rt) {
    const Encoding e(encoding);
    return e.op0 << 20 | e.op2 << 17 | e.op1 << 14 | e.crn << 10 | u32{rt} << 5 | e.crm << 1 | (write ? 0 : 1);
}

constexpr u8 kSystemTrap = 0x18;

u64 load(const State& state, i32 offset) {
    u64 value;
    std::memcpy(&value, reinterpret_cast<const char*>(&state) + offset, sizeof value);
    return value;
}

void store(State& state, i32 offset, u64 value) {
    std::memcpy(reinterpret_cast<char*>(&state) + offset, &value, sizeof value);
}

u64 reset_value(const SystemRegister& row, const Model& model) {
    return row.model_reset != nullptr ? row.model_reset(model) : row.reset;
}

u64 writable_bits(const SystemRegister& row, const Model& model) {
    return row.model_mask != nullptr ? row.mask & row.model_mask(model) : row.mask;
}

unsigned level_of(u32 pstate) {
    return (pstate & pstate::kElMask) >> pstate::kElShift;
}

/// Neither a trap nor a hook can be met.
bool is_plain(const SystemRegister* row, const Model& model, u32 pstate) {
    return row != nullptr && row->offset >= 0 && model.has(row->feature) &&
           (row->guard == nullptr || (row->encoding == kSpEl0 && (pstate & pstate::kSp) != 0));
}

}  // namespace

const SystemRegister* find_system_register(u16 encoding) {
    for (unsigned slot = hash(encoding); kIndex[slot] != 0; slot = (slot + 1) % kIndex.size()) {
        const SystemRegister& row = kTable[kIndex[slot] - 1u];
        if (row.encoding == encoding) {
            return &row;
        }
    }
    return is_reserved_id(Encoding(encoding)) ? &kReservedId : nullptr;
}

std::span<const SystemRegister> system_registers() {
    return kTable;
}

i32 plain_read_offset(const Model& model, u16 encoding, u32 pstate) {
    const SystemRegister* row = find_system_register(encoding);
    const bool plain = is_plain(row, model, pstate) && row->read == nullptr && level_of(pstate) >= row->read_level;
    return plain ? row->offset : -1;
}

i32 plain_write_offset(const Model& model, u16 encoding, u32 pstate) {
    const SystemRegister* row = find_system_register(encoding);
    const bool plain = is_plain(row, model, pstate) && row->write == nullptr && row->effects == kNoEffect &&
                       row->model_mask == nullptr && ~row->mask == 0 && level_of(pstate) >= row->write_level;
    return plain ? row->offset : -1;
}

bool write_changes_execution(u16 encoding) {
    const SystemRegister* row = find_system_register(encoding);
    return row != nullptr && row->effects != kNoEffect;
}

void reset_system_registers(State& state, const Model& model) {
    for (const SystemRegister& row : kTable) {
        if (row.offset >= 0) {
            store(state, row.offset, reset_value(row, model));
        }
    }
}

/// The row, or null if the access's exception has been taken.
const SystemRegister* Cpu::find_accessible(u16 encoding, bool write, u8 rt) {
    const SystemRegister* row = find_system_register(encoding);
    const unsigned level = level_of(state_.pstate);
    AccessVerdict verdict = AccessVerdict::undefined;
    if (row != nullptr && model_.has(row->feature) && level >= (write ? row->write_level : row->read_level)) {
        verdict = row->guard == nullptr ? AccessVerdict::allowed : row->guard(*this, write);
    }
    if (verdict == AccessVerdict::undefined && !write && model_.has(Feature::idst) &&
        is_feature_id_space(Encoding(encoding))) {
        verdict = AccessVerdict::trapped;
    }
    switch (verdict) {
        case AccessVerdict::allowed:
            return row;
        case AccessVerdict::undefined:
            take_undefined();
            break;
        case AccessVerdict::trapped:
            take_exception(kSystemTrap, trap_syndrome(encoding, write, rt));
            break;
        case AccessVerdict::fp_trapped:
            take_fp_access_trap();
            break;
    }
    return nullptr;
}

bool Cpu::read_system_register(u16 encoding, u64& value, u8 rt) {
    const SystemRegister* found = find_accessible(encoding, false, rt);
    if (found == nullptr) {
        return false;
    }
    const SystemRegister& row = *found;
    if (row.read != nullptr) {
        value = row.read(*this, encoding);
    } else if (row.offset >= 0) {
        value = load(state_, row.offset);
    } else {
        value = row.id != nullptr ? model_.id.*row.id : row.reset;
    }
    return true;
}

bool Cpu::write_system_register(u16 encoding, u64 value, u8 rt) {
    const SystemRegister* found = find_accessible(encoding, true, rt);
    if (found == nullptr) {
        return false;
    }
    const SystemRegister& row = *found;
    if (row.execute != nullptr) {
        return row.execute(*this, value, encoding);
    }
    if (row.write != nullptr) {
        row.write(*this, value, encoding);
    } else if (row.offset >= 0) {
        const u64 old = load(state_, row.offset);
        const u64 mask = writable_bits(row, model_);
        const u64 now = (value & mask) | (reset_value(row, model_) & ~mask);
        store(state_, row.offset, now);
        if (now != old && row.effects == kControlEffect) {
            derive_code_bits(state_);
        }
        if (now != old && (row.effects & kTranslationEffect) != 0) {
            events_.translation_changed();
        }
        if (now != old && (row.effects & kModeEffect) != 0) {
            events_.mode_changed();
        }
    }
    return true;
}

bool Cpu::system_instruction(u16 encoding, u64 value, u8 rt) {
    return write_system_register(encoding, value, rt);
}

bool Cpu::write_pstate_field(u8 op1, u8 op2, u8 immediate) {
    constexpr u8 kDaifSet = 6, kDaifClear = 7;
    if (op1 == 3 && (op2 == kDaifSet || op2 == kDaifClear)) {
        // A trap reports the instruction's own fields: CRm is the immediate and Rt is 31.
        if (control_registers::guard_daif(*this, true) != AccessVerdict::allowed) {
            take_exception(kSystemTrap,
                           trap_syndrome(system_register_encoding(0, 3, 4, immediate & 15u, op2), true, 31));
            return false;
        }
        const u32 mask = (immediate & 15u) << 6;
        const u32 daif = state_.pstate & pstate::kDaif;
        control_registers::write_daif(*this, op2 == kDaifSet ? daif | mask : daif & ~mask, 0);
        return true;
    }
    // The others are the low bit of a register that MSR (register) reaches too, except for DIT's and SSBS's op2.
    struct Field {
        u8 op1, op2;
        u16 encoding;
        u8 shift;
    };
    constexpr Field kFields[] = {
        {0, 3, system_register_encoding(3, 0, 4, 2, 4), 23},  // UAO
        {0, 4, system_register_encoding(3, 0, 4, 2, 3), 22},  // PAN
        {0, 5, system_register_encoding(3, 0, 4, 2, 0), 0},   // SPSel
        {3, 1, system_register_encoding(3, 3, 4, 2, 6), 12},  // SSBS
        {3, 2, system_register_encoding(3, 3, 4, 2, 5), 24},  // DIT
    };
    for (const Field& field : kFields) {
        if (field.op1 == op1 && field.op2 == op2) {
            return write_system_register(field.encoding, u64{immediate & 1u} << field.shift, 31);
        }
    }
    take_undefined();
    return false;
}

}  // namespace kelvin::arm64
