// SPDX-License-Identifier: Apache-2.0
// What is saved of a port: its registers; commands that its drive has not been given yet are taken up again.
#include <fmt/format.h>

#include "device/ahci/slot.h"
#include "state/saved_state.h"

namespace kelvin::device::ahci {

struct Port::State {
    bool has_unit = false;
    Registers registers;
    bool halted = false;
    bool in_soft_reset = false;
    bool owes_signature = false;
    u32 next = 0;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("has_unit", has_unit);
        visit("registers", registers);
        visit("halted", halted);
        visit("in_soft_reset", in_soft_reset);
        visit("owes_signature", owes_signature);
        visit("next", next);
    }
    Result<> check() const;
};

Result<> Port::Registers::check() const {
    const bool sound = command_list % 0x400 == 0 && frames % 0x100 == 0 && (command & ~command::kWritable) == 0 &&
                       (enabled & ~interrupt::kEnablable) == 0 && (sata_control & ~kSataControlWritable) == 0 &&
                       ((command & command::kStart) != 0 || (issued == 0 && active == 0));
    return sound ? ok() : Result<>(user_error("these are values that the registers of a port cannot have"));
}

Result<> Port::State::check() const {
    const bool sound = next <= kSlots && (has_unit || !owes_signature);
    return sound ? ok() : Result<>(user_error("a port cannot be at this"));
}

state::Json Port::save() const {
    const std::lock_guard lock(lock_);
    State saved{unit_ != nullptr, registers_, halted_, in_soft_reset_, owes_signature_, next_};
    return state::save_state(saved);
}

Result<> Port::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (saved.has_unit != (unit_ != nullptr)) {
        return user_error(fmt::format(".has_unit: it was saved {} a drive", saved.has_unit ? "with" : "without"));
    }
    stop();
    const std::lock_guard lock(lock_);
    registers_ = saved.registers;
    halted_ = saved.halted;
    in_soft_reset_ = saved.in_soft_reset;
    owes_signature_ = saved.owes_signature;
    next_ = saved.next;
    schedule();
    changed();
    return ok();
}

}  // namespace kelvin::device::ahci
