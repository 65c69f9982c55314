// SPDX-License-Identifier: Apache-2.0
// A PC's devices in ACPI's language: what systems cannot find by themselves.
#include <fmt/format.h>

#include "firmware/aml.h"
#include "firmware/aml_resources.h"
#include "machine/pc_acpi.h"
#include "machine/pci_acpi.h"

namespace kelvin::machine::pc {

namespace {

using namespace firmware;
using aml::Term;

constexpr unsigned kDevices = 32;
constexpr unsigned kPins = 4;

Term identity(std::string_view hardware) {
    return aml::name("_HID", hardware.starts_with("PNP") ? aml::eisa_id(hardware) : aml::text(hardware));
}

Term unique(u64 number) {
    return aml::name("_UID", aml::integer(number));
}

Term device(std::string_view name, std::initializer_list<Term> content) {
    return aml::device(name, content);
}

Term uses(std::initializer_list<Term> what) {
    return aml::name("_CRS", aml::resources(what));
}

/// 6.2.13: the pins of all devices of the root bus, as inputs of the I/O APIC.
Term interrupt_routes(Chipset chipset) {
    std::vector<Term> routes;
    for (unsigned number = 0; number < kDevices; ++number) {
        for (unsigned pin = 0; pin < kPins; ++pin) {
            const unsigned input = input_of(chipset, number, pin);
            const Term route[] = {aml::integer(u64{number} << 16 | 0xffff), aml::integer(pin), aml::integer(0),
                                  aml::integer(input)};
            routes.push_back(aml::package(route));
        }
    }
    return aml::package(routes);
}

/// What is not PCI's, so that nothing is placed there.
Term reserved(const Description& board) {
    if (board.chipset == Chipset::i440fx) {
        return device("RES0", {identity("PNP0C02"), uses({aml::fixed_ports(kPowerBase, kPowerPorts)})});
    }
    return device("RES0", {identity("PNP0C02"),
                           uses({aml::fixed_memory(kEcam, kEcamSize), aml::fixed_ports(kPowerBase, kPowerPorts)})});
}

Term windows(const Description& board) {
    constexpr u16 kConfigPorts = 0xcf8;
    const bool is_q35 = board.chipset == Chipset::q35;
    const u64 low = is_q35 ? kEcam + kEcamSize : align_up(board.low_ram, 256U << 20);
    const u64 high = pci_high(board.high_ram);
    return uses({aml::bus_numbers(0, 0xff), aml::fixed_ports(kConfigPorts, 8), aml::port_range(0, kConfigPorts - 1),
                 aml::port_range(kConfigPorts + 8, 0xffff), aml::memory32(0xa0000, 0x20000),
                 aml::memory32(static_cast<u32>(low), static_cast<u32>(kPciEnd - low)),
                 aml::memory64(high, kPciHighEnd - high)});
}

Term host_bridge(const Description& board) {
    std::vector<Term> content = {unique(0), aml::name("_ADR", aml::integer(0)), windows(board),
                                 aml::name("_PRT", interrupt_routes(board.chipset)), reserved(board)};
    if (board.chipset == Chipset::q35) {
        content.push_back(identity("PNP0A08"));
        content.push_back(aml::name("_CID", aml::eisa_id("PNP0A03")));
        content.push_back(aml::name("CTRL", aml::integer(0)));
        content.push_back(pci_capabilities());
    } else {
        content.push_back(identity("PNP0A03"));
    }
    return aml::device("PCI0", content);
}

Term fw_cfg() {
    constexpr u64 kPresent = 0x0b;  // 6.3.7: there, working, and not for people to see
    return device(
        "FWCF", {identity("QEMU0002"), aml::name("_STA", aml::integer(kPresent)), uses({aml::fixed_ports(0x510, 12)})});
}

Term keyboard() {
    return device("KBD", {identity("PNP0303"),
                          uses({aml::fixed_ports(0x60, 1), aml::fixed_ports(0x64, 1), aml::isa_interrupt(1)})});
}

/// 7.3.4.5: off is the one state that the chip knows a number for; no memory is kept meanwhile.
Term off_state() {
    const Term types[] = {aml::integer(0), aml::integer(0), aml::integer(0), aml::integer(0)};
    return aml::name("\\_S5", aml::package(types));
}

}  // namespace

std::vector<Term> devices_in_aml(const Description& board) {
    std::vector<Term> devices;
    for (unsigned cpu = 0; cpu < board.cpus; ++cpu) {
        devices.push_back(device(fmt::format("C{:03X}", cpu), {identity("ACPI0007"), unique(cpu)}));
    }
    devices.push_back(host_bridge(board));
    devices.push_back(device("COM1", {identity("PNP0501"), unique(1),
                                      uses({aml::fixed_ports(kSerial, 8), aml::isa_interrupt(kSerialInterrupt)})}));
    devices.push_back(
        device("RTC", {identity("PNP0B00"), uses({aml::fixed_ports(kClock, 8), aml::isa_interrupt(kClockInterrupt)})}));
    devices.push_back(keyboard());
    devices.push_back(device("MOU", {identity("PNP0F13"), uses({aml::isa_interrupt(12)})}));
    devices.push_back(fw_cfg());
    return {aml::scope("\\_SB", devices), off_state()};
}

}  // namespace kelvin::machine::pc
