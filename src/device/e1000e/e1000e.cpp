// SPDX-License-Identifier: Apache-2.0
#include "device/e1000e/e1000e.h"

#include "device/intel_ethernet/layouts.h"

namespace kelvin::device {

namespace {

constexpr u16 kDevice = 0x10d3;
// Range 1 is that of a flash chip, which a card need not have.
constexpr unsigned kPortsBar = 2;
constexpr u64 kPortsSize = 32;
constexpr unsigned kMessagesBar = 3;

intel::Model model() {
    return {.layout = intel::layout_of_82574l(), .device = kDevice, .phy = 0x01410cb1, .is_extended = true};
}

bus::pci::Identity identity(const E1000e::Options& options) {
    return {.vendor = 0x8086,
            .device = kDevice,
            .revision = 0,
            .class_code = 0x020000,
            .subsystem_vendor = options.subsys_ven,
            .subsystem = options.subsys};
}

}  // namespace

Result<std::unique_ptr<E1000e>> E1000e::create(const Options& given, const bus::Surroundings& surroundings) {
    Options options = given;
    const network_card::CardEnds ends = KELVIN_TRY(network_card::settle(options, surroundings));
    return std::make_unique<E1000e>(options, ends);
}

E1000e::E1000e(const Options& options, const network_card::CardEnds& ends)
    : Card(options, identity(options), model(), ends) {
    add_ports(kPortsBar, kPortsSize);
    add_msix(kMessagesBar, intel::Interrupts::kVectors);
    add_express_endpoint();
}

}  // namespace kelvin::device
