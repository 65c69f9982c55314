// SPDX-License-Identifier: Apache-2.0
// Guest memory accesses that generated code hands over: TLB misses, devices, page crossings, atomics, writes to code.
#include <algorithm>
#include <cstring>

#include "accel/translator/host_access.h"
#include "accel/translator/translation_log.h"
#include "accel/translator/vcpu.h"
#include "base/bits.h"

namespace kelvin::translator {

namespace {

using arm64::Access;
using arm64::Fault;

constexpr u64 kPage = 4096;
constexpr u64 kRaised = 1;  ///< or put off: the code is left

/// Where an access goes, after translation.
struct Place {
    u8* host = nullptr;  ///< null: a device, or ROM for a store
    u64 physical = 0;
    bool device = false;
};

enum class AccessKind : u8 { plain, exclusive, read_modify_write };

class DataAccess {
  public:
    DataAccess(x64::Runtime* runtime, u32 memory, Access access, AccessKind kind = AccessKind::plain)
        : vcpu_(*static_cast<TranslatorVcpu*>(runtime->owner)), info_(ir::MemInfo::unpack(memory)), kind_(kind) {
        const arm64::State& state = vcpu_.state();
        type_.access = access;
        type_.el = info_.unprivileged ? arm64::ExceptionLevel::el0 : state.el();
        type_.pan = (state.pstate & arm64::pstate::kPan) != 0;
    }

    unsigned size() const { return 1u << info_.size_log2; }

    /// What does not depend on the translation. False: raised.
    bool check(u64 address) {
        if (info_.stack && (vcpu_.state().sp & 15) != 0) {
            vcpu_.cpu().take_sp_alignment_fault();
            return false;
        }
        if (info_.aligned && is_misaligned(address) && !allows_misaligned(address)) {
            raise(arm64::fault_status::kAlignment, address);
            return false;
        }
        return true;
    }

    /// Translates `address`, and serves its page from the TLB from now on if it can. False: raised. `before`: bytes of
    /// the access that lie in the page before.
    bool translate(u64 address, Place& place, unsigned before = 0) {
        const arm64::TranslationResult result =
            arm64::translate(vcpu_.spaces().regime(vcpu_.cpu()), vcpu_.translator().memory(), Gva{address}, type_);
        if (TranslationLog* const log = vcpu_.translator().log()) {
            log->page(vcpu_.index(), address, result);
        }
        if (result.faulted()) {
            take_abort(result.fault());
            return false;
        }
        const bool watched = vcpu_.is_page_watched(address);
        const unsigned count = before != 0 ? size() - before : first_part(address);
        if (watched && stops_at_watchpoint(address, count)) {
            return false;
        }
        const arm64::Translation& found = result.translation();
        const memory::PageBacking backing = vcpu_.translator().memory().find_page(found.physical);
        const bool write = type_.access == Access::write;
        place.physical = found.physical.value;
        place.device = found.device;
        place.host = backing.host == nullptr || (write && !backing.writable)
                         ? nullptr
                         : backing.host + (found.physical.value & (kPage - 1));
        VcpuCounters& counters = vcpu_.counters();
        if (before != 0) {
            counters.page_crossings.add();
        }
        if (place.host == nullptr || found.device || watched) {
            (watched ? counters.watched : counters.devices).add();
            return true;
        }
        const accel::Injections& injected = vcpu_.translator().options().inject;
        if (injected.slow_memory) {
            return true;
        }
        const u64 page = address & ~(kPage - 1);
        if (!write || !vcpu_.translator().page_has_code(found.physical.page().value)) {
            const u64 addend = reinterpret_cast<u64>(backing.host) - page;
            if (context().fill(page, addend, write, found.global, found.page_size)) {
                vcpu_.spaces().publish();
            }
            if (!injected.slot_misses) {
                fill_slot(page, addend, write);
            }
            (write ? counters.store_fills : counters.load_fills).add();
        } else {
            counters.stores_to_code.add();
            const u64 physical = found.physical.page().value;
            if (const CodeWords* const words = vcpu_.translator().code_words(physical)) {
                context().fill_code_page({page, backing.host, physical, words}, found.page_size);
            }
        }
        return true;
    }

    /// The two parts of an access across pages, the first of `head` bytes, if the TLB has both. What it has may be
    /// accessed without more ado, and stores need not be told to anyone.
    bool find_parts(u64 address, unsigned head, u8* (&parts)[2]) {
        const bool write = type_.access == Access::write;
        parts[0] = context().find(address, write);
        parts[1] = context().find(address + head, write);
        const bool found = parts[0] != nullptr && parts[1] != nullptr;
        if (found) {
            vcpu_.counters().page_crossings.add();
        }
        return found;
    }

    /// Does a store of `value`, which lies in one page, if that is known to be a page with code. What keeps its
    /// translation is what the TLB has, so that the store needs no other checks.
    bool store_beside_code(u64 address, const V128& value) {
        const CodePage* const page = context().find_code_page(address);
        if (page == nullptr) {
            return false;
        }
        vcpu_.counters().stores_to_code.add();
        const u64 offset = address & (kPage - 1);
        host::store(size(), page->host + offset, value);
        if (!vcpu_.translator().spares_code(*page->words, page->physical + offset, size())) {
            vcpu_.translator().page_written(page->physical + offset, size());
            context().forget_code_page(address);
        }
        return true;
    }

    /// The page slot of the access too, or two base registers whose pages share a TLB entry would never be served.
    void fill_slot(u64 page, u64 addend, bool write) {
        x64::Runtime& runtime = vcpu_.runtime();
        const unsigned base = std::min<unsigned>(info_.base, x64::kOtherSlot);
        x64::PageSlot& slot = runtime.slots[base + (info_.unprivileged ? x64::kSlotsPerPrivilege : 0)];
        u64& own = write ? slot.write_tag : slot.read_tag;
        u64& other = write ? slot.read_tag : slot.write_tag;
        own = page;
        slot.addend = addend;
        if (other != page) {
            other = runtime.invalid_tag;
        }
    }

    void count_atomic() { vcpu_.counters().atomics.add(); }

    /// Alignment that Device memory asks for; DC ZVA has none that would do (Arm ARM, "DC ZVA").
    bool check_device(u64 address, const Place& place) {
        if (place.device && (info_.zeroes || is_misaligned(address))) {
            raise(arm64::fault_status::kAlignment, address);
            return false;
        }
        return true;
    }

    void raise(u8 status, u64 address) {
        Fault fault;
        fault.status = status;
        fault.address = Gva{address};
        fault.type = type_;
        take_abort(fault);
    }

    bool read(u64 address, const Place& place, u8* out, unsigned count) {
        if (place.host != nullptr) {
            const V128 value = host::load(count, place.host);
            std::memcpy(out, &value, count);
            return true;
        }
        for (unsigned done = 0; done < count;) {
            const unsigned step = std::min(count - done, device_step());
            u64 value = 0;
            if (!vcpu_.translator().memory().read(Gpa{place.physical + done}, step, value, vcpu_.index())) {
                raise(arm64::fault_status::kExternal, address);
                return false;
            }
            std::memcpy(out + done, &value, step);
            done += step;
        }
        return true;
    }

    bool write(u64 address, const Place& place, const u8* data, unsigned count) {
        if (place.host != nullptr) {
            V128 value{};
            std::memcpy(&value, data, count);
            host::store(count, place.host, value);
            note_write(place, count);
            return true;
        }
        for (unsigned done = 0; done < count;) {
            const unsigned step = std::min(count - done, device_step());
            u64 value = 0;
            std::memcpy(&value, data + done, step);
            if (!vcpu_.translator().memory().write(Gpa{place.physical + done}, step, value, vcpu_.index())) {
                raise(arm64::fault_status::kExternal, address);
                return false;
            }
            done += step;
        }
        // The device may have changed what loads of its memory see, and the very next one must.
        vcpu_.apply_requests();
        return true;
    }

    /// The access is not to be made now: see TranslatorVcpu::must_be_alone.
    bool is_put_off(const Place& place) const { return place.host == nullptr && vcpu_.must_be_alone(); }

    /// RAM was written: code made from there is stale.
    void note_write(const Place& place, unsigned count) { vcpu_.translator().page_written(place.physical, count); }

    /// The bytes of the access that lie in its first page.
    unsigned first_part(u64 address) const {
        const u64 left = kPage - (address & (kPage - 1));
        return left < size() ? static_cast<unsigned>(left) : size();
    }

  private:
    bool stops_at_watchpoint(u64 address, unsigned count) {
        const bool writes = type_.access == Access::write;
        const bool both = kind_ == AccessKind::read_modify_write;
        return vcpu_.stops_for_debugger(address, count, !writes || both, writes) ||
               vcpu_.cpu().check_watchpoints(address, count, type_, both);
    }

    TlbContext& context() { return info_.unprivileged ? vcpu_.spaces().user() : vcpu_.spaces().current(); }
    /// Of a value, of which a pair has two.
    unsigned value_size() const { return info_.pair ? size() / 2 : size(); }
    bool is_misaligned(u64 address) const { return (address & (value_size() - 1)) != 0; }
    unsigned device_step() const { return std::min(value_size(), 8u); }

    /// AArch64.UnalignedAccessFaults for what must be aligned: FEAT_LSE2 asks only that it lie within 16 aligned bytes,
    /// and of acquires and releases with SCTLR_EL1.nAA not even that.
    bool allows_misaligned(u64 address) const {
        constexpr unsigned kA = 1, kNoAlignedAcquire = 6;
        const u64 sctlr = vcpu_.state().sctlr[1];
        if (!vcpu_.cpu().model().has(arm64::Feature::lse2) || bit(sctlr, kA)) {
            return false;
        }
        return (address & 15) + size() <= 16 || (kind_ == AccessKind::plain && bit(sctlr, kNoAlignedAcquire));
    }

    /// The address that DC ZVA was given.
    u64 register_of_block() const { return info_.base == ir::MemInfo::kNoBase ? 0 : vcpu_.state().x[info_.base]; }

    /// ISS.WnR of an access that reads and writes says "read" where reading alone faults.
    void take_abort(Fault fault) {
        if (info_.zeroes) {
            fault.address = Gva{register_of_block()};
        }
        if (kind_ == AccessKind::read_modify_write) {
            arm64::AccessType reading = type_;
            reading.access = Access::read;
            const bool unreadable = arm64::translate(vcpu_.spaces().regime(vcpu_.cpu()), vcpu_.translator().memory(),
                                                     fault.address, reading)
                                        .faulted();
            fault.type = unreadable || fault.status == arm64::fault_status::kAlignment ? reading : type_;
        }
        vcpu_.cpu().take_abort(fault);
    }

    TranslatorVcpu& vcpu_;
    const ir::MemInfo info_;
    const AccessKind kind_;
    arm64::AccessType type_;
};

u64 slow_load(x64::Runtime* runtime, u64 address, u32 memory) {
    DataAccess access(runtime, memory, Access::read);
    const unsigned head = access.first_part(address);
    const unsigned size = access.size();
    if (!access.check(address)) {
        return kRaised;
    }
    if (u8 * parts[2]; head < size && access.find_parts(address, head, parts)) {
        const V128 low = host::load(head, parts[0]), high = host::load(size - head, parts[1]);
        runtime->result.vector = host::joined(low, head, high);
        return 0;
    }
    Place first, second;
    if (!access.translate(address, first) || !access.check_device(address, first)) {
        return kRaised;
    }
    if (head < size && !access.translate(address + head, second, head)) {
        return kRaised;
    }
    if (access.is_put_off(first) || (head < size && access.is_put_off(second))) {
        return kRaised;
    }
    if (head == size && first.host != nullptr) {
        runtime->result.vector = host::load(size, first.host);
        return 0;
    }
    V128 value{};
    if (head < size) {
        // Not all sizes are ones that devices know: byte by byte.
        for (unsigned i = 0; i < size; i++) {
            Place place = i < head ? first : second;
            const unsigned offset = i < head ? i : i - head;
            place.physical += offset;
            place.host = place.host == nullptr ? nullptr : place.host + offset;
            if (!access.read(address + i, place, &value.b[i], 1)) {
                return kRaised;
            }
        }
    } else if (!access.read(address, first, value.b, size)) {
        return kRaised;
    }
    runtime->result.vector = value;
    return 0;
}

u64 slow_store(x64::Runtime* runtime, u64 address, u32 memory) {
    DataAccess access(runtime, memory, Access::write);
    const unsigned head = access.first_part(address);
    const unsigned size = access.size();
    if (!access.check(address)) {
        return kRaised;
    }
    const V128 value = runtime->arguments[0].vector;
    if (u8 * parts[2]; head < size && access.find_parts(address, head, parts)) {
        host::store(head, parts[0], value);
        host::store(size - head, parts[1], host::shifted_down(value, head));
        return 0;
    }
    if (head == size && access.store_beside_code(address, value)) {
        return 0;
    }
    Place first, second;
    if (!access.translate(address, first) || !access.check_device(address, first)) {
        return kRaised;
    }
    if (head < size && !access.translate(address + head, second, head)) {
        return kRaised;
    }
    if (access.is_put_off(first) || (head < size && access.is_put_off(second))) {
        return kRaised;
    }
    if (head == size && first.host != nullptr) {
        host::store(size, first.host, value);
        access.note_write(first, size);
        return 0;
    }
    if (head == size) {
        return access.write(address, first, value.b, size) ? 0 : kRaised;
    }
    for (unsigned i = 0; i < size; i++) {
        Place place = i < head ? first : second;
        const unsigned offset = i < head ? i : i - head;
        place.physical += offset;
        place.host = place.host == nullptr ? nullptr : place.host + offset;
        if (!access.write(address + i, place, &value.b[i], 1)) {
            return kRaised;
        }
    }
    return 0;
}

/// Atomics and exclusives work on RAM only, within a page.
bool atomic_place(DataAccess& access, u64 address, Place& place) {
    access.count_atomic();
    if (!access.check(address) || !access.translate(address, place) || !access.check_device(address, place)) {
        return false;
    }
    if (place.host == nullptr || access.first_part(address) < access.size()) {
        access.raise(arm64::fault_status::kUnsupportedExclusive, address);
        return false;
    }
    return true;
}

u64 slow_load_exclusive(x64::Runtime* runtime, u64 address, u32 memory) {
    DataAccess access(runtime, memory, Access::read, AccessKind::exclusive);
    Place place;
    if (!atomic_place(access, address, place)) {
        return kRaised;
    }
    const V128 value = host::load(access.size(), place.host);
    runtime->exclusive_address = address;
    runtime->exclusive_size = ir::MemInfo::unpack(memory).size_log2;
    runtime->exclusive_value = value;
    runtime->result.vector = value;
    return 0;
}

u64 slow_store_exclusive(x64::Runtime* runtime, u64 address, u32 memory) {
    DataAccess access(runtime, memory, Access::write, AccessKind::exclusive);
    Place place;
    if (!atomic_place(access, address, place)) {
        return kRaised;
    }
    const bool open = runtime->exclusive_address == address;
    runtime->exclusive_address = ~u64{0};
    runtime->result.vector = v128(1);
    if (open) {
        V128 expected = runtime->exclusive_value;
        if (host::compare_exchange(access.size(), place.host, expected, runtime->arguments[0].vector)) {
            runtime->result.vector = v128(0);
            access.note_write(place, access.size());
        }
    }
    return 0;
}

u64 slow_atomic_rmw(x64::Runtime* runtime, u64 address, u32 memory) {
    const auto kind = static_cast<ir::AtomicKind>(memory >> 28);
    DataAccess access(runtime, memory & 0x0fffffff, Access::write, AccessKind::read_modify_write);
    Place place;
    if (!atomic_place(access, address, place)) {
        return kRaised;
    }
    const u64 old = host::read_modify_write(access.size(), place.host, kind, runtime->arguments[0].integer);
    runtime->result.vector = v128(old);
    access.note_write(place, access.size());
    return 0;
}

u64 slow_compare_and_swap(x64::Runtime* runtime, u64 address, u32 memory) {
    DataAccess access(runtime, memory, Access::write, AccessKind::read_modify_write);
    Place place;
    if (!atomic_place(access, address, place)) {
        return kRaised;
    }
    V128 expected = runtime->arguments[0].vector;
    if (access.size() < 16) {
        expected = v128(expected.d[0] & low_mask(8 * access.size()));
    }
    host::compare_exchange(access.size(), place.host, expected, runtime->arguments[1].vector);
    runtime->result.vector = expected;
    access.note_write(place, access.size());
    return 0;
}

u64 ask_clock(x64::Runtime* runtime, u64, u32) {
    runtime->result.integer = static_cast<u64>(static_cast<TranslatorVcpu*>(runtime->owner)->read_clock());
    return 0;
}

}  // namespace

const x64::RuntimeCalls& TranslatorVcpu::runtime_calls() {
    static constexpr x64::RuntimeCalls kCalls = {
        &slow_load, &slow_store, &slow_load_exclusive, &slow_store_exclusive, &slow_atomic_rmw, &slow_compare_and_swap,
        &ask_clock};
    return kCalls;
}

}  // namespace kelvin::translator
