// SPDX-License-Identifier: Apache-2.0
#include "accel/kvm/machine.h"

#include <fmt/format.h>

#include <algorithm>

namespace kelvin::kvm {

namespace {

/// Three pages of Intel's without real mode, and one of page tables: below the firmware, where guests see nothing
/// (4.27).
constexpr u64 kIdentityMap = 0xfffb'c000;
constexpr u64 kTaskState = 0xfffb'd000;

}  // namespace

Machine::Machine(Host host, Fd fd, const MachineOptions& options)
    : host_(std::move(host)), fd_(std::move(fd)), options_(options) {
    for (unsigned number = 0; number < kInterrupts; ++number) {
        lines_.push_back({this, number});
    }
}

Machine::~Machine() {
    if (memory_ != nullptr) {
        memory_->set_mapping_observer(nullptr);
    }
}

Result<std::unique_ptr<Machine>> Machine::create(Host host, const MachineOptions& options) {
    Fd fd(KELVIN_TRY(try_call(host.fd(), KVM_CREATE_VM, 0, "make a virtual machine")));
    std::unique_ptr<Machine> machine(new Machine(std::move(host), std::move(fd), options));
    KELVIN_TRY(machine->build());
    return machine;
}

Result<> Machine::build() {
    u64 identity_map = kIdentityMap;
    KELVIN_TRY(try_call(fd_, KVM_SET_IDENTITY_MAP_ADDR, &identity_map, "place its page tables"));
    KELVIN_TRY(try_call(fd_, KVM_SET_TSS_ADDR, kTaskState, "place its task state"));
    KELVIN_TRY(try_call(fd_, KVM_CREATE_IRQCHIP, 0, "make interrupt controllers"));
    for (const u32 chip : {KVM_IRQCHIP_PIC_MASTER, KVM_IRQCHIP_PIC_SLAVE, KVM_IRQCHIP_IOAPIC}) {
        kvm_irqchip state{};
        state.chip_id = chip;
        KELVIN_TRY(try_call(fd_, KVM_GET_IRQCHIP, &state, "read its interrupt controllers"));
        power_on_.chips.push_back(state);
    }
    if (options_.timer) {
        kvm_pit_config config{};
        config.flags = KVM_PIT_SPEAKER_DUMMY;  // port 0x61 with it
        KELVIN_TRY(try_call(fd_, KVM_CREATE_PIT2, &config, "make a timer"));
        KELVIN_TRY(try_call(fd_, KVM_GET_PIT2, &power_on_.timer, "read its timer"));
    }
    return ok();
}

Result<> Machine::set_memory(memory::AddressMap& memory) {
    memory_ = &memory;
    KELVIN_TRY(map_memory());
    memory_->set_mapping_observer(this);
    return ok();
}

/// What the guest could reach and now cannot goes first, as ranges may not overlap.
Result<> Machine::map_memory() {
    const std::lock_guard lock(slots_lock_);
    const std::vector<memory::HostRange> ranges = memory_->host_ranges();
    std::vector<u32> free;
    u32 next = 0;
    for (Slot& slot : slots_) {
        next = std::max(next, slot.number + 1);
        if (std::ranges::find(ranges, slot.range) == ranges.end()) {
            KELVIN_TRY(set_slot(slot.number, {slot.range.base, 0, nullptr, false}));
            free.push_back(slot.number);
        }
    }
    std::erase_if(slots_, [&](const Slot& slot) { return std::ranges::find(free, slot.number) != free.end(); });
    for (const memory::HostRange& range : ranges) {
        if (std::ranges::find(slots_, range, &Slot::range) != slots_.end()) {
            continue;
        }
        const u32 number = free.empty() ? next++ : free.back();
        if (!free.empty()) {
            free.pop_back();
        }
        KELVIN_TRY(set_slot(number, range));
        slots_.push_back({number, range});
    }
    return ok();
}

Result<> Machine::set_slot(u32 number, const memory::HostRange& range) {
    kvm_userspace_memory_region region{};
    region.slot = number;
    region.flags = range.writable || range.size == 0 ? 0 : KVM_MEM_READONLY;
    region.guest_phys_addr = range.base.value;
    region.memory_size = range.size;
    region.userspace_addr = reinterpret_cast<u64>(range.host);
    KELVIN_TRY(try_call(fd_, KVM_SET_USER_MEMORY_REGION, &region, "map guest memory"));
    return ok();
}

void Machine::mapping_changed(Gpa /*start*/, u64 /*size*/) {
    // The kernel has no memory for it: the guest goes on with what it saw before, which is what its hardware would do
    // if the change came late.
    static_cast<void>(map_memory());
}

Wire Machine::interrupt(unsigned number) {
    return wire_to<&Line::set>(lines_.at(number));
}

void Machine::set_interrupt(unsigned number, bool level) {
    kvm_irq_level line{};
    line.irq = number;
    line.level = level;
    const int result = call(fd_, KVM_IRQ_LINE, &line);
    KELVIN_ASSERT(result >= 0);
}

void Machine::deliver_message(u64 address, u32 data) {
    kvm_msi message{};
    message.address_lo = static_cast<u32>(address);
    message.address_hi = static_cast<u32>(address >> 32);
    message.data = data;
    // Whom the guest has addressed may not be there, or may not listen.
    static_cast<void>(call(fd_, KVM_SIGNAL_MSI, &message));
}

void Machine::reset() {
    for (kvm_irqchip& state : power_on_.chips) {
        KELVIN_ASSERT(call(fd_, KVM_SET_IRQCHIP, &state) >= 0);
    }
    if (options_.timer) {
        KELVIN_ASSERT(call(fd_, KVM_SET_PIT2, &power_on_.timer) >= 0);
    }
}

}  // namespace kelvin::kvm
