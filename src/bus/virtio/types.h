// SPDX-License-Identifier: Apache-2.0
// The types of a kind of virtio device: over PCI, and in a virtio-mmio slot.
#pragma once

#include <array>

#include "bus/device_type.h"
#include "bus/virtio/pci_transport.h"

namespace kelvin::bus::virtio {

/// `Model` is a virtio::Device with Options and create(), as for device_type(). `kDisableLegacy` is what disable-legacy
/// is if the user does not say.
template <class Model, state::OnOffAuto kDisableLegacy>
class OverPci {
  public:
    struct Options {
        typename Model::Options model;
        PciOptions pci = {.disable_legacy = kDisableLegacy};
        template <class Visitor>
        void fields(Visitor& visit) {
            model.fields(visit);
            pci.fields(visit);
        }
    };
    static Result<std::unique_ptr<bus::Device>> create(const Options& options, const Surroundings& surroundings) {
        std::unique_ptr<Device> model = KELVIN_TRY(Model::create(options.model, surroundings));
        KELVIN_TRY(options.pci.check(*model));
        return std::unique_ptr<bus::Device>(std::make_unique<PciTransport>(options.pci, std::move(model)));
    }
};

/// What -device calls them.
struct TypeNames {
    std::string_view pci;                    ///< "virtio-rng-pci"
    std::string_view alias;                  ///< "virtio-rng"
    std::string_view pci_modern;             ///< "virtio-rng-pci-non-transitional"
    std::string_view pci_transitional = {};  ///< "virtio-rng-pci-transitional"; empty: there is none
    std::string_view mmio;                   ///< "virtio-rng-device"
    std::string_view category;
    std::string_view description;
};

template <class Model>
constexpr std::array<DeviceType, 4> types_of(const TypeNames& names) {
    using enum state::OnOffAuto;
    return {device_type<OverPci<Model, automatic>>(names.pci, names.alias, "PCI", names.category, names.description),
            device_type<OverPci<Model, on>>(names.pci_modern, "", "PCI", names.category, names.description),
            device_type<OverPci<Model, off>>(names.pci_transitional, "", "PCI", names.category, names.description),
            device_type<Model>(names.mmio, "", "virtio-bus", names.category, names.description)};
}

}  // namespace kelvin::bus::virtio
