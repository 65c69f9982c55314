// SPDX-License-Identifier: Apache-2.0
// The board's devices in ACPI's language. Flash and clock are not here: firmware has them, and offers their services.
#include <fmt/format.h>

#include "firmware/aml.h"
#include "firmware/aml_resources.h"
#include "machine/pci_acpi.h"
#include "machine/virt_acpi.h"
#include "machine/virt_arm64_map.h"

namespace kelvin::machine::virt {

namespace {

using namespace firmware;
using aml::Term;

constexpr u32 kFirstSpi = 32;
constexpr unsigned kPins = 4;

/// Below 4 GiB, where most of the board is.
Term memory_of(Range range) {
    return aml::fixed_memory(static_cast<u32>(range.base.value), static_cast<u32>(range.size));
}

Term level_interrupt(unsigned spi) {
    return aml::interrupt(kFirstSpi + spi, aml::Trigger::level);
}

Term identity(std::string_view hardware) {
    return aml::name("_HID", hardware.starts_with("PNP") ? aml::eisa_id(hardware) : aml::text(hardware));
}

Term unique(u64 number) {
    return aml::name("_UID", aml::integer(number));
}

/// What it writes to memory the CPUs' caches see (6.2.17).
Term coherent() {
    return aml::name("_CCA", aml::integer(1));
}

Term device(std::string_view name, std::initializer_list<Term> content) {
    return aml::device(name, content);
}

Term serial_port() {
    return device("COM0", {identity("ARMH0011"), unique(0),
                           aml::name("_CRS", aml::resources({memory_of(kUart), level_interrupt(kUartSpi)}))});
}

Term fw_cfg() {
    constexpr u64 kPresent = 0x0b;  // 6.3.7: there, working, and not for people to see
    return device("FWCF", {identity("QEMU0002"), aml::name("_STA", aml::integer(kPresent)), coherent(),
                           aml::name("_CRS", aml::resources({memory_of(kFwCfg)}))});
}

Term virtio_slot(unsigned slot) {
    const Range range = {kVirtioMmio.base + slot * kVirtioMmio.size, kVirtioMmio.size};
    return device(fmt::format("VR{:02X}", slot),
                  {identity("LNRO0005"), unique(slot), coherent(),
                   aml::name("_CRS", aml::resources({memory_of(range), level_interrupt(kVirtioMmioSpi + slot)}))});
}

/// 5.6.9: an interrupt that tells of the power button; the board's event device has no registers.
Term event_device() {
    const Term press = aml::notify(aml::path("\\_SB.PWRB"), 0x80);
    const Term line = aml::interrupt(kFirstSpi + kEventSpi, aml::Trigger::edge);
    return device("GED", {identity("ACPI0013"), unique(0), aml::name("_CRS", aml::resources({line})),
                          aml::method("_EVT", 1, aml::Calls::one_at_a_time, {press})});
}

std::string link_name(unsigned pin) {
    return fmt::format("L{:03}", pin);
}

/// 6.2.13: says of the wire what an entry of _PRT alone cannot: that it is active high.
Term interrupt_link(unsigned pin) {
    const Term wire = aml::resources({level_interrupt(kPcieSpi + pin)});
    return device(link_name(pin), {identity("PNP0C0F"), unique(pin), aml::name("_PRS", wire), aml::name("_CRS", wire),
                                   aml::method("_SRS", 1, aml::Calls::concurrent, {}),
                                   aml::method("_DIS", 0, aml::Calls::concurrent, {})});
}

/// 6.2.13: the pins of all 32 devices of the root bus, turned by the device's number as in the device tree.
Term interrupt_routes() {
    std::vector<Term> routes;
    for (unsigned number = 0; number < 32; ++number) {
        for (unsigned pin = 0; pin < kPins; ++pin) {
            const Term route[] = {aml::integer(u64{number} << 16 | 0xffff), aml::integer(pin),
                                  aml::path(link_name((number + pin) % kPins)), aml::integer(0)};
            routes.push_back(aml::package(route));
        }
    }
    return aml::package(routes);
}

/// The windows, and configuration space as a resource that nothing else may use (PCI Firmware
/// Specification 3.2, 4.1.2).
Term host_bridge(const Description& board) {
    const HighRanges high = high_ranges(board.ram_size);
    const Range& space = high.pcie_configuration;
    const Term windows = aml::resources({
        aml::bus_numbers(0, 0xff),
        aml::memory32(static_cast<u32>(kPcieMemory.base.value), static_cast<u32>(kPcieMemory.size)),
        aml::ports(static_cast<u32>(kPciePorts.size), static_cast<u32>(kPciePorts.base.value)),
        aml::memory64(high.pcie_memory.base.value, high.pcie_memory.size),
    });
    const Term reserved =
        device("RES0",
               {identity("PNP0C02"), aml::name("_CRS", aml::resources({aml::memory64(space.base.value, space.size)}))});
    return device("PCI0",
                  {identity("PNP0A08"), aml::name("_CID", aml::eisa_id("PNP0A03")), unique(0),
                   aml::name("_SEG", aml::integer(0)), aml::name("_BBN", aml::integer(0)), coherent(),
                   aml::name("_CBA", aml::integer(space.base.value)), aml::name("_PRT", interrupt_routes()),
                   aml::name("_CRS", windows), aml::name("CTRL", aml::integer(0)), pci_capabilities(), reserved});
}

}  // namespace

Term devices_in_aml(const Description& board) {
    std::vector<Term> devices;
    for (unsigned cpu = 0; cpu < board.cpus; ++cpu) {
        devices.push_back(device(fmt::format("C{:03X}", cpu), {identity("ACPI0007"), unique(cpu)}));
    }
    devices.push_back(serial_port());
    devices.push_back(fw_cfg());
    for (unsigned slot = 0; slot < kVirtioMmioSlots; ++slot) {
        devices.push_back(virtio_slot(slot));
    }
    for (unsigned pin = 0; pin < kPins; ++pin) {
        devices.push_back(interrupt_link(pin));
    }
    devices.push_back(host_bridge(board));
    devices.push_back(device("PWRB", {identity("PNP0C0C"), unique(0)}));
    devices.push_back(event_device());
    return aml::scope("\\_SB", devices);
}

}  // namespace kelvin::machine::virt
