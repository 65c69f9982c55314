// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/pins.h"

#include "emit/x64/runtime.h"
#include "emit/x64/vector_ops.h"

namespace kelvin::x64 {

Pins::Pins(const ir::GuestDesc& guest, const HostFeatures& host) : guest_(guest), pin_xmms_(pin_xmms(host)) {
    pin_.fill(kNoPin);
    slot_of_gpr_.fill(kNoPin);
    slot_of_xmm_.fill(kNoPin);
    for (std::size_t i = 0; i < guest.integer_by_heat.size() && i < kPinGprs.size(); i++) {
        const u8 slot = guest.integer_by_heat[i];
        pin_[slot] = static_cast<u8>(number(kPinGprs[i]));
        slot_of_gpr_[number(kPinGprs[i])] = slot;
    }
    for (std::size_t i = 0; i < guest.vector_by_heat.size() && i < pin_xmms_.size(); i++) {
        const u8 slot = guest.vector_by_heat[i];
        pin_[slot] = static_cast<u8>(number(pin_xmms_[i]));
        slot_of_xmm_[number(pin_xmms_[i])] = slot;
    }
}

void Pins::save(Assembler& a, bool callee_saved) const {
    for (unsigned i = callee_saved ? 0 : kPinGprsSavedByCallee; i < kPinGprs.size(); i++) {
        const u8 slot = slot_of(kPinGprs[i]);
        if (slot != kNoPin) {
            a.mov(Width::w64, mem(kState, state_displacement(guest_.slots[slot].offset)), kPinGprs[i]);
        }
    }
    for (const Xmm reg : pin_xmms_) {
        const u8 slot = slot_of_xmm_[number(reg)];
        if (slot != kNoPin) {
            a.vex(vop::vmovaps_store, mem(kState, state_displacement(guest_.slots[slot].offset)), reg);
        }
    }
}

void Pins::load(Assembler& a, bool callee_saved) const {
    for (unsigned i = callee_saved ? 0 : kPinGprsSavedByCallee; i < kPinGprs.size(); i++) {
        const u8 slot = slot_of(kPinGprs[i]);
        if (slot != kNoPin) {
            a.mov(Width::w64, kPinGprs[i], mem(kState, state_displacement(guest_.slots[slot].offset)));
        }
    }
    for (const Xmm reg : pin_xmms_) {
        const u8 slot = slot_of_xmm_[number(reg)];
        if (slot != kNoPin) {
            a.vex(vop::vmovaps, reg, mem(kState, state_displacement(guest_.slots[slot].offset)));
        }
    }
}

}  // namespace kelvin::x64
