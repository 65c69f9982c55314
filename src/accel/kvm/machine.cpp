// SPDX-License-Identifier: Apache-2.0
#include "accel/kvm/machine.h"

#include <algorithm>

#include "accel/kvm/counted.h"

namespace kelvin::kvm {

namespace {

/// Three pages of Intel's without real mode, and one of page tables: between the local APICs and any firmware, where
/// guests see nothing (4.27).
constexpr u64 kIdentityMap = 0xfeff'c000;
constexpr u64 kTaskState = 0xfeff'd000;
constexpr u32 kIsaInterrupts = 16;
constexpr u32 kTimer = 0;             // the interval timer's ISA interrupt
constexpr u32 kTimerPin = 2;          // and where boards wire it to the I/O APIC
constexpr u64 kMessagePages = 0xfee;  // bits 31 to 20 of a message's address (SDM 11.11.1)

}  // namespace

Machine::Machine(Host host, Fd fd) : host_(std::move(host)), fd_(std::move(fd)) {
    for (unsigned number = 0; number < kInterrupts; ++number) {
        lines_.push_back({this, number});
    }
}

Result<std::unique_ptr<Machine>> Machine::create(Host host) {
    Fd fd(KELVIN_TRY(try_call(host.fd(), KVM_CREATE_VM, 0, "make a virtual machine")));
    std::unique_ptr<Machine> machine(new Machine(std::move(host), std::move(fd)));
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
    KELVIN_TRY(route_interrupts());
    kvm_pit_config config{};
    config.flags = KVM_PIT_SPEAKER_DUMMY;  // port 0x61 with it
    KELVIN_TRY(try_call(fd_, KVM_CREATE_PIT2, &config, "make a timer"));
    KELVIN_TRY(try_call(fd_, KVM_GET_PIT2, &power_on_.timer, "read its timer"));
    return ok();
}

/// Each interrupt to the pin of its number, and of the PICs too, but the timer's (4.52).
Result<> Machine::route_interrupts() {
    std::vector<kvm_irq_routing_entry> entries;
    const auto add = [&](u32 interrupt, u32 chip, u32 pin) {
        kvm_irq_routing_entry entry{};
        entry.gsi = interrupt;
        entry.type = KVM_IRQ_ROUTING_IRQCHIP;
        entry.u.irqchip.irqchip = chip;
        entry.u.irqchip.pin = pin;
        entries.push_back(entry);
    };
    for (u32 number = 0; number < kIsaInterrupts; ++number) {
        add(number, number < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE, number % 8);
    }
    for (u32 number = 0; number < kInterrupts; ++number) {
        if (number != kTimerPin) {
            add(number, KVM_IRQCHIP_IOAPIC, number == kTimer ? kTimerPin : number);
        }
    }
    Counted<kvm_irq_routing, kvm_irq_routing_entry> table(entries.size());
    table.header()->nr = static_cast<u32>(entries.size());
    table.set(entries);
    KELVIN_TRY(try_call(fd_, KVM_SET_GSI_ROUTING, table.header(), "route interrupts"));
    return ok();
}

Result<> Machine::set_memory(memory::AddressMap& memory, std::function<void(const Error&)> failed) {
    memory_ = &memory;
    failed_ = std::move(failed);
    memory.set_mapping_observer(static_cast<memory::MappingObserver*>(this));
    const std::lock_guard lock(slots_lock_);
    return update_slots();
}

void Machine::mapping_changed(Gpa, u64) {
    const std::lock_guard lock(slots_lock_);
    if (auto outcome = update_slots(); !outcome) {
        failed_(outcome.error());
    }
}

/// What is gone first, as slots may not overlap. Between the two a processor that touches such a page exits, and
/// AddressMap gives it what it wants.
Result<> Machine::update_slots() {
    std::vector<memory::HostRange> wanted = memory_->host_ranges();
    for (u32 number = 0; number < slots_.size(); ++number) {
        memory::HostRange& slot = slots_[number];
        if (slot.size != 0 && std::erase(wanted, slot) == 0) {
            slot.size = 0;
            KELVIN_TRY(set_slot(number, slot));
        }
    }
    for (const memory::HostRange& range : wanted) {
        auto free = std::ranges::find(slots_, u64{0}, &memory::HostRange::size);
        if (free == slots_.end()) {
            free = slots_.insert(free, memory::HostRange{});
        }
        KELVIN_TRY(set_slot(static_cast<u32>(free - slots_.begin()), range));
        *free = range;
    }
    return ok();
}

Result<> Machine::set_slot(u32 number, const memory::HostRange& range) {
    kvm_userspace_memory_region region{};
    region.slot = number;
    region.flags = range.writable ? 0 : KVM_MEM_READONLY;
    region.guest_phys_addr = range.base.value;
    region.memory_size = range.size;
    region.userspace_addr = reinterpret_cast<u64>(range.host);
    KELVIN_TRY(try_call(fd_, KVM_SET_USER_MEMORY_REGION, &region, "map guest memory"));
    return ok();
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

void Machine::signal_message(u64 address, u32 data) {
    if (address >> 20 != kMessagePages) {
        return;
    }
    kvm_msi message{};
    message.address_lo = static_cast<u32>(address);
    message.data = data;
    // 4.70: it fails where no processor has the number that the guest wrote.
    call(fd_, KVM_SIGNAL_MSI, &message);
}

void Machine::reset() {
    for (kvm_irqchip& state : power_on_.chips) {
        KELVIN_ASSERT(call(fd_, KVM_SET_IRQCHIP, &state) >= 0);
    }
    KELVIN_ASSERT(call(fd_, KVM_SET_PIT2, &power_on_.timer) >= 0);
}

}  // namespace kelvin::kvm
