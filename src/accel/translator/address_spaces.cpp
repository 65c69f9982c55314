// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/address_spaces.h"

#include <algorithm>

#include <sys/random.h>

#include "base/bits.h"

namespace kelvin::translator {

namespace {

constexpr u64 kPage = 4096;

u64 random_invalid_tag() {
    u64 value = 0;
    if (getrandom(&value, sizeof value, 0) != sizeof value) {
        value = reinterpret_cast<u64>(&value) * 0x9e3779b97f4a7c15;
    }
    return (value & ~(u64{1} << 55) & ~(kPage - 1)) | u64{1} << 54;
}

u64 mix(u64 hash, u64 value) {
    hash ^= value + 0x9e3779b97f4a7c15 + (hash << 6) + (hash >> 2);
    return hash * 0xff51afd7ed558ccd;
}

/// TTBR without its ASID and CnP.
u64 table_base(u64 ttbr) {
    return bits(ttbr, 47, 1);
}

u64 shared_part(const arm64::TranslationRegime& regime) {
    u64 hash = mix(mix(table_base(regime.ttbr1), regime.tcr), regime.mair);
    return mix(hash, u64{regime.enabled} | u64{regime.write_implies_xn} << 1 | u64{regime.big_endian_walk} << 2 |
                         u64{regime.enhanced_pan} << 3);
}

}  // namespace

AddressSpaces::AddressSpaces(x64::Runtime& runtime) : runtime_(runtime), dummy_(std::make_unique<u8[]>(3 * kPage)) {
    runtime_.invalid_tag = random_invalid_tag();
    runtime_.second_jumps = second_jumps_.table();
    const u64 dummy_page = align_up(reinterpret_cast<u64>(dummy_.get()), kPage);
    empty_slots_.fill({runtime_.invalid_tag, runtime_.invalid_tag, dummy_page - runtime_.invalid_tag});
}

const arm64::TranslationRegime& AddressSpaces::regime(const arm64::Cpu& cpu) {
    if (regime_stale_) {
        regime_ = cpu.regime();
        regime_stale_ = false;
    }
    return regime_;
}

TlbContext& AddressSpaces::find(Contexts& contexts, unsigned limit, u64 space) {
    TlbContext* oldest = nullptr;
    for (const auto& context : contexts) {
        if (context->space == space) {
            context->used_at = ++clock_;
            return *context;
        }
        if (oldest == nullptr || context->used_at < oldest->used_at) {
            oldest = context.get();
        }
    }
    if (contexts.size() < limit) {
        oldest = contexts.emplace_back(std::make_unique<TlbContext>(runtime_.invalid_tag, second_jumps_)).get();
    } else {
        oldest->flush();
    }
    oldest->space = space;
    oldest->used_at = ++clock_;
    return *oldest;
}

AddressSpaces::Space AddressSpaces::space_now() const {
    return {shared_part(regime_), mix(table_base(regime_.ttbr0), regime_.asid())};
}

TlbContext& AddressSpaces::choose_user() {
    const Space space = space_now();
    TlbContext& chosen = find(users_, kUserContexts, mix(space.shared, space.own));
    chosen.asid = regime_.asid();
    return chosen;
}

TlbContext& AddressSpaces::choose_kernel(bool pan) {
    const Space space = space_now();
    const u64 shared = mix(space.shared, pan);
    if (!kernels_are_separate_) {
        TlbContext& chosen = find(kernels_, kSharedKernelContexts, shared);
        if (chosen.address_space == space.own || !chosen.has_local_code()) {
            if (chosen.address_space != space.own) {
                chosen.flush_not_global();
                chosen.address_space = space.own;
            }
            chosen.asid = regime_.asid();
            return chosen;
        }
        kernels_are_separate_ = true;
    }
    TlbContext& chosen = find(kernels_, kSeparateKernelContexts, mix(shared, space.own));
    chosen.asid = regime_.asid();
    return chosen;
}

void AddressSpaces::select(arm64::Cpu& cpu) {
    regime(cpu);
    if (chosen_stale_) {
        chosen_stale_ = false;
        kernel_[0] = kernel_[1] = nullptr;
        TlbContext& chosen = choose_user();
        if (user_ != &chosen) {
            user_ = &chosen;
            reset_slots(x64::kSlotsPerPrivilege, x64::kSlotsPerPrivilege);
        }
    }
    const u32 pstate = cpu.state().pstate;
    if ((pstate & arm64::pstate::kElMask) == 0) {
        current_ = user_;
    } else {
        const bool pan = (pstate & arm64::pstate::kPan) != 0;
        if (kernel_[pan] == nullptr) {
            kernel_[pan] = &choose_kernel(pan);
        }
        current_ = kernel_[pan];
    }
    publish();
    reset_slots(0, x64::kSlotsPerPrivilege);
}

void AddressSpaces::publish() {
    runtime_.tlb_read = current_->reads();
    runtime_.tlb_write = current_->writes();
    runtime_.tlb_mask = current_->offset_mask();
    runtime_.tlb_read_unprivileged = user_->reads();
    runtime_.tlb_write_unprivileged = user_->writes();
    runtime_.tlb_mask_unprivileged = user_->offset_mask();
    runtime_.jump_cache = current_->jumps();
    runtime_.jump_generation = &current_->jump_generation();
}

void AddressSpaces::reset_slots() {
    reset_slots(0, x64::kSlots);
}

void AddressSpaces::reset_slots(unsigned first, unsigned count) {
    std::copy_n(empty_slots_.data() + first, count, runtime_.slots + first);
}

template <class Visit>
void AddressSpaces::each(Visit visit) {
    for (Contexts* contexts : {&users_, &kernels_}) {
        for (const auto& context : *contexts) {
            visit(*context, contexts == &kernels_);
        }
    }
}

void AddressSpaces::flush_all() {
    each([](TlbContext& context, bool) { context.flush(); });
    reset_slots();
}

void AddressSpaces::flush_asid(u16 asid) {
    each([&](TlbContext& context, bool kernel) {
        if (context.asid != asid) {
            return;
        }
        if (kernel) {
            context.flush_not_global();
        } else {
            context.flush();
        }
    });
    reset_slots();
}

void AddressSpaces::flush_range(u64 start, u64 size, std::optional<u16> asid) {
    each([&](TlbContext& context, bool kernel) {
        if (kernel || !asid || context.asid == *asid) {
            context.flush_range(start, size);
        }
    });
    reset_slots();
}

void AddressSpaces::flush_jumps() {
    each([](TlbContext& context, bool) { context.flush_jumps(); });
}

void AddressSpaces::revoke_writes(const u8* host) {
    each([&](TlbContext& context, bool) { context.revoke_writes(host); });
    reset_slots();
}

}  // namespace kelvin::translator
