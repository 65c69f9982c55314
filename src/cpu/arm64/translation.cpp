// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/translation.h"

#include <algorithm>
#include <atomic>

#include "base/bits.h"

namespace kelvin::arm64 {
namespace {

constexpr u64 kTranslatedBits = 48;  // without FEAT_LVA and FEAT_LPA
constexpr unsigned kLastLevel = 3;
constexpr unsigned kMaxUpdateAttempts = 1000;  // each failure is another agent's success; a guest cannot hold us longer

/// What differs between translation granules (ARM ARM D8.2).
struct Granule {
    u8 bits;          ///< log2 of the page size
    u8 block_levels;  ///< bit per level at which blocks exist
    u8 max_small_txsz;

    constexpr unsigned stride() const { return bits - 3u; }
    constexpr unsigned shift(unsigned level) const { return bits + stride() * (kLastLevel - level); }
};
constexpr Granule k4K{12, 0b0110, 48}, k16K{14, 0b0100, 48}, k64K{16, 0b0100, 47};

/// The half of the address space that TTBR0 or TTBR1 describes.
struct Half {
    Granule granule;
    unsigned txsz;
    u64 ttbr;
    bool disabled;         ///< EPDx
    bool no_unprivileged;  ///< E0PDx
    bool no_hierarchy;     ///< HPDx
};

// TG0 and TG1 number the granules differently.
Granule lower_granule(const TranslationRegime& regime) {
    switch (bits(regime.tcr, 15, 14)) {
        case 1:
            return k64K;
        case 2:
            return regime.has_16k ? k16K : k4K;
        default:
            return k4K;
    }
}

Granule upper_granule(const TranslationRegime& regime) {
    switch (bits(regime.tcr, 31, 30)) {
        case 1:
            return regime.has_16k ? k16K : k4K;
        case 3:
            return k64K;
        default:
            return k4K;
    }
}

Half half_of(const TranslationRegime& regime, u64 address) {
    const u64 tcr = regime.tcr;
    if (bit(address, 55)) {
        return {upper_granule(regime), static_cast<unsigned>(bits(tcr, 21, 16)),
                regime.ttbr1,          bit(tcr, 23),
                bit(tcr, 56),          bit(tcr, 42)};
    }
    return {lower_granule(regime), static_cast<unsigned>(bits(tcr, 5, 0)), regime.ttbr0, bit(tcr, 7), bit(tcr, 55),
            bit(tcr, 41)};
}

/// TCR.IPS, no wider than the processor (ARM ARM D8.1.9).
unsigned output_bits(const TranslationRegime& regime) {
    constexpr u8 kSizes[] = {32, 36, 40, 42, 44, 48, 48, 48};
    return std::min<unsigned>(kSizes[bits(regime.tcr, 34, 32)], regime.physical_bits);
}

// Indexes of the permission matrix.
constexpr unsigned kUser = 0, kPrivileged = 1, kPrivilegedPan = 2;

unsigned privilege_of(AccessType type) {
    if (type.el == ExceptionLevel::el0) {
        return kUser;
    }
    return type.pan ? kPrivilegedPan : kPrivileged;
}

constexpr Permissions permissions(bool user, bool privileged, bool privileged_pan) {
    return {static_cast<u8>(user << kUser | privileged << kPrivileged | privileged_pan << kPrivilegedPan)};
}

bool permitted(const Translation& t, AccessType type) {
    const unsigned privilege = privilege_of(type);
    switch (type.access) {
        case Access::read:
            return t.can_read[privilege];
        case Access::write:
            return t.can_write[privilege];
        case Access::execute:
            return t.can_execute[privilege];
    }
    return false;
}

/// Attributes that table descriptors put on everything below them.
struct Hierarchy {
    bool no_user = false, read_only = false, user_xn = false, privileged_xn = false;

    void add(u64 table) {
        no_user |= bit(table, 61);
        read_only |= bit(table, 62);
        user_xn |= bit(table, 60);
        privileged_xn |= bit(table, 59);
    }
};

/// A leaf descriptor with where it was found.
struct Leaf {
    u64 descriptor;
    u64* host;
    bool host_writable;
    unsigned level;
    Hierarchy hierarchy;
};

/// One translation: the walk's inputs, and the fault it ends in.
class Walker {
  public:
    Walker(const TranslationRegime& regime, const memory::AddressMap& memory, Gva address, AccessType type)
        : regime_(regime),
          memory_(memory),
          original_(address),
          address_(canonical_address(regime, address.value, type.access == Access::execute)),
          type_(type),
          half_(half_of(regime, address_)),
          output_bits_(output_bits(regime)) {}

    /// Into its place: what has just been written byte by byte is not soon read as a whole.
    void run(TranslationResult& result) {
        Translation& translation = result.translation();
        for (unsigned attempt = 0; attempt < kMaxUpdateAttempts; attempt++) {
            Leaf leaf;
            if (!find_leaf(leaf)) {
                return give_up(result);
            }
            describe(leaf, translation);
            if (!bit(leaf.descriptor, 10) && !regime_.hardware_access_flag) {
                fail(fault_status::kAccessFlag, leaf.level);
                return give_up(result);
            }
            if (!permitted(translation, type_)) {
                fail(fault_status::kPermission, leaf.level);
                return give_up(result);
            }
            if (update(leaf, translation)) {
                return;
            }
            if (status_ != 0) {
                return give_up(result);
            }
        }
        status_ = fault_status::kUnsupportedUpdate;
        give_up(result);
    }

  private:
    bool fail(u8 status, unsigned level) {
        status_ = static_cast<u8>(status | level);
        return false;
    }
    void give_up(TranslationResult& result) const { result = Fault{status_, original_, type_}; }

    /// The checks that precede the walk, all reported as level 0 (AArch64.S1Walk).
    bool in_range() {
        const unsigned max_txsz = regime_.has_small_tables ? half_.granule.max_small_txsz : 39;
        if (half_.txsz < 64 - kTranslatedBits || half_.txsz > max_txsz || half_.disabled ||
            (half_.no_unprivileged && type_.el == ExceptionLevel::el0)) {
            return false;
        }
        return (sign_extend(address_, 56) >> (64 - half_.txsz)) == (bit(address_, 55) ? -1 : 0) &&
               static_cast<i64>(address_) == sign_extend(address_, 56);
    }

    bool fits_output(u64 address) const { return (address & low_mask(kTranslatedBits)) >> output_bits_ == 0; }

    bool find_leaf(Leaf& leaf) {
        if (!in_range()) {
            return fail(fault_status::kTranslation, 0);
        }
        const Granule granule = half_.granule;
        unsigned top = 64 - half_.txsz;
        unsigned level = kLastLevel;
        while (granule.shift(level) + granule.stride() < top) {
            level--;
        }
        u64 table = half_.ttbr & low_mask(kTranslatedBits) & ~low_mask(top - granule.shift(level) + 3);
        if (!fits_output(table)) {
            return fail(fault_status::kAddressSize, 0);
        }
        leaf.hierarchy = {};
        for (;; level++) {
            const unsigned shift = granule.shift(level);
            if (!fetch(table + bits(address_, top - 1, shift) * 8, level, leaf)) {
                return false;
            }
            const u64 descriptor = leaf.descriptor;
            const bool table_or_page = bit(descriptor, 1);
            if (!bit(descriptor, 0) || (!table_or_page && (level == kLastLevel || !bit(granule.block_levels, level)))) {
                return fail(fault_status::kTranslation, level);
            }
            if (level == kLastLevel || !table_or_page) {
                leaf.level = level;
                return fits_output(descriptor & ~low_mask(shift)) || fail(fault_status::kAddressSize, level);
            }
            table = descriptor & low_mask(kTranslatedBits) & ~low_mask(granule.bits);
            if (!fits_output(table)) {
                return fail(fault_status::kAddressSize, level);
            }
            if (!half_.no_hierarchy) {
                leaf.hierarchy.add(descriptor);
            }
            top = shift;
        }
    }

    bool fetch(u64 address, unsigned level, Leaf& leaf) {
        const memory::PageBacking page = memory_.find_page(Gpa{address});
        if (page.host == nullptr) {
            return fail(fault_status::kExternalOnWalk, level);
        }
        leaf.host = reinterpret_cast<u64*>(page.host + (address & 0xfff));
        leaf.host_writable = page.writable;
        leaf.descriptor = swapped(std::atomic_ref<u64>(*leaf.host).load(std::memory_order_acquire));
        return true;
    }

    u64 swapped(u64 raw) const { return regime_.big_endian_walk ? __builtin_bswap64(raw) : raw; }

    bool is_clean(const Leaf& leaf) const {
        return regime_.hardware_dirty_state && bit(leaf.descriptor, 51) && bit(leaf.descriptor, 7);
    }

    /// AArch64.S1DirectBasePermissions, for each privilege. A clean page counts as writable (AP[2] is effectively 0).
    void describe(const Leaf& leaf, Translation& t) const {
        const u64 descriptor = leaf.descriptor;
        const unsigned shift = half_.granule.shift(leaf.level);
        const bool user = bit(descriptor, 6) && !leaf.hierarchy.no_user;
        const bool writable = (!bit(descriptor, 7) || is_clean(leaf)) && !leaf.hierarchy.read_only;
        const bool user_writable = user && writable;
        const bool user_executable = !bit(descriptor, 54) && !leaf.hierarchy.user_xn;
        const bool privileged_executable = !bit(descriptor, 53) && !leaf.hierarchy.privileged_xn && !user_writable;
        const bool pan_forbids = user || (regime_.enhanced_pan && user_executable);

        t.page_size = u64{1} << shift;
        t.physical = Gpa{(descriptor & low_mask(kTranslatedBits) & ~low_mask(shift)) | (address_ & low_mask(shift))};
        t.global = !bit(descriptor, 11);
        t.guarded = bit(descriptor, 50);
        t.attributes = static_cast<u8>(regime_.mair >> (8 * bits(descriptor, 4, 2)));
        t.device = t.attributes >> 4 == 0;
        t.shareability = static_cast<u8>(bits(descriptor, 9, 8));
        const bool for_user = !half_.no_unprivileged;
        t.can_read = permissions(for_user && user, true, !pan_forbids);
        t.can_write = permissions(for_user && user_writable, writable, writable && !pan_forbids);
        const bool executable = privileged_executable && !(regime_.write_implies_xn && writable);
        const bool user_executes = user_executable && !(regime_.write_implies_xn && user_writable);
        t.can_execute = permissions(for_user && user_executes, executable, executable);
    }

    /// Sets the access flag and marks the page dirty as the access demands. False: another agent changed the
    /// descriptor, walk again (or, with a status, a fault).
    bool update(const Leaf& leaf, Translation& translation) {
        u64 wanted = leaf.descriptor;
        if (!type_.address_translate) {
            wanted |= u64{1} << 10;
        }
        if (is_clean(leaf)) {
            if (type_.access == Access::write && !type_.address_translate) {
                wanted &= ~(u64{1} << 7);
            } else {
                translation.can_write = {};
            }
        }
        if (wanted == leaf.descriptor) {
            return true;
        }
        if (!leaf.host_writable) {
            status_ = fault_status::kUnsupportedUpdate;
            return false;
        }
        u64 expected = swapped(leaf.descriptor);
        return std::atomic_ref<u64>(*leaf.host).compare_exchange_strong(expected, swapped(wanted));
    }

    const TranslationRegime& regime_;
    const memory::AddressMap& memory_;
    Gva original_;
    u64 address_;
    AccessType type_;
    Half half_;
    unsigned output_bits_;
    u8 status_ = 0;
};

/// AArch64.S1DisabledOutput: flat, everything allowed; data is Device-nGnRnE.
TranslationResult translate_disabled(const TranslationRegime& regime, Gva address, AccessType type) {
    const u64 canonical = canonical_address(regime, address.value, type.access == Access::execute);
    if (canonical >> regime.physical_bits != 0) {
        return Fault{fault_status::kAddressSize, address, type};
    }
    Translation t;
    t.physical = Gpa{canonical};
    t.device = true;
    t.shareability = 2;
    t.can_read = t.can_write = t.can_execute = permissions(true, true, true);
    return t;
}

}  // namespace

u16 TranslationRegime::asid() const {
    const u64 ttbr = bit(tcr, 22) ? ttbr1 : ttbr0;
    return static_cast<u16>(bit(tcr, 36) ? ttbr >> 48 : bits(ttbr, 55, 48));
}

u64 canonical_address(const TranslationRegime& regime, u64 address, bool instruction) {
    const bool upper = bit(address, 55);
    const bool ignored = bit(regime.tcr, upper ? 38 : 37) && !(instruction && bit(regime.tcr, upper ? 52 : 51));
    return ignored ? static_cast<u64>(sign_extend(address, 56)) : address;
}

u64 granule_size(const TranslationRegime& regime, Gva address) {
    return u64{1} << half_of(regime, address.value).granule.bits;
}

TranslationResult translate(const TranslationRegime& regime, const memory::AddressMap& memory, Gva address,
                            AccessType type) {
    if (!regime.enabled) {
        return translate_disabled(regime, address, type);
    }
    TranslationResult result{Translation{}};
    Walker(regime, memory, address, type).run(result);
    return result;
}

}  // namespace kelvin::arm64
