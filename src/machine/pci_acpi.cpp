// SPDX-License-Identifier: Apache-2.0
#include "machine/pci_acpi.h"

namespace kelvin::machine {

using namespace firmware;
using aml::Term;

Term pci_capabilities() {
    constexpr u64 kUnknownUuid = 1 << 2;
    constexpr u64 kUnknownRevision = 1 << 3;
    constexpr u64 kMasked = 1 << 4;
    constexpr u64 kAll = 0x1f;  // hot-plug, its LEDs, power events, errors, the Express capability
    const Term status = aml::path("CDW1");
    const Term control = aml::path("CDW3");
    const Term granted = aml::path("CTRL");
    const auto report = [&](u64 bit) { return aml::bits_or(status, aml::integer(bit), status); };
    return aml::method(
        "_OSC", 4, aml::Calls::one_at_a_time,
        {aml::dword_field(aml::argument(3), 0, "CDW1"),
         aml::when(aml::equal(aml::argument(0), aml::uuid("33db4d5b-1ff7-401c-9657-7441c03dd766")),
                   {aml::dword_field(aml::argument(3), 8, "CDW3"), aml::bits_and(control, aml::integer(kAll), granted),
                    aml::when(aml::is_not(aml::equal(aml::argument(1), aml::integer(1))), {report(kUnknownRevision)}),
                    aml::when(aml::is_not(aml::equal(control, granted)), {report(kMasked)}),
                    aml::store(granted, control), aml::give(aml::argument(3))}),
         report(kUnknownUuid), aml::give(aml::argument(3))});
}

}  // namespace kelvin::machine
