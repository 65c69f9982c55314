// SPDX-License-Identifier: Apache-2.0
// A vCPU whose clock counts its instructions. All that happens by itself happens between two instructions that depend
// on nothing but the guest: timers when the budget is used up, the effects of an access to a device or a system
// register right behind it, as such an instruction ends its region. Where a region would go on, one instruction is
// executed alone.
#include <algorithm>
#include <chrono>

#include "accel/translator/vcpu.h"

namespace kelvin::translator {

const u8* TranslatorVcpu::metered_code_for(CodeSource& source, const FetchEntry& entry, u32 link) {
    if (!alone_) {
        const u8* const code = code_for(source, entry, link);
        const unsigned left = static_cast<unsigned>(runtime().budget.left);
        if (code == nullptr || left >= translator_.options().max_instructions ||
            left >= translator_.instructions_of(source)) {
            return code;
        }
    }
    alone_ = false;
    source.mode.bits |= arm64::Mode::kSingle;
    // Nothing is linked to it: who comes by again has more time.
    return code_for(source, entry, 0);
}

bool TranslatorVcpu::must_be_alone() {
    if (instructions_ == nullptr || runtime().budget.unexecuted == 0) {
        return false;
    }
    alone_ = true;
    runtime().budget.unexecuted++;
    return true;
}

std::optional<u64> TranslatorVcpu::executed() const {
    return instructions_ == nullptr ? std::nullopt : std::optional(instructions_->executed());
}

/// For an exception in place of an instruction, or a guest that takes no other would stop time.
void TranslatorVcpu::spend_one() {
    if (instructions_ != nullptr) {
        instructions_->spend_one();
    }
}

/// Nothing happens by itself before the next deadline, so time goes on there. Only one processor is there to store to
/// what it monitors itself: WFE with the monitor set ends at once, as it may.
void TranslatorVcpu::wait_metered() {
    const i64 deadline = std::min(instructions_->next_deadline_ns(), wait_deadline_);
    const auto disturbed = [&] { return woken() || stop_.load() || instructions_->rearmed(); };
    if (!woken() && !(awaits_event_ && runtime().exclusive_address != ~u64{0})) {
        bool reached = deadline != InstructionClock::kNever;
        if (!reached || instructions_->sleeps()) {
            const std::chrono::nanoseconds left(deadline - instructions_->now_ns());
            reached = !sleeper_.await(disturbed, reached ? left : Sleeper::kForever);
        }
        if (reached) {
            instructions_->skip_to(deadline);
            instructions_->settle();
        }
        waiting_ = !woken() && instructions_->now_ns() < wait_deadline_;
    } else {
        waiting_ = false;
    }
}

}  // namespace kelvin::translator
