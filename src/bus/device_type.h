// SPDX-License-Identifier: Apache-2.0
// A kind of device that -device and device_add make: its name, its options, how it is made. Each family of devices
// (src/device/FAMILY/types.cpp) has a table of its types; the table of all of them is generated.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "bus/device.h"
#include "memory/dma.h"
#include "state/options.h"

namespace kelvin::backend {
class BlockDevice;
class CharacterBackend;
class EntropySource;
class Input;
class MemoryBalloon;
class NetworkPort;
class Screens;
}  // namespace kelvin::backend

namespace kelvin::bus {

/// Finds the host's ends of devices by the names that users gave them, and lends each to one device at a time, until
/// that device is gone. I/O loop's thread.
class Backends {
  public:
    virtual ~Backends() = default;
    virtual Result<backend::BlockDevice*> claim_block(std::string_view id) = 0;
    virtual Result<backend::CharacterBackend*> claim_character(std::string_view id) = 0;
    virtual Result<backend::NetworkPort*> claim_network(std::string_view id) = 0;
    /// An address for a card that was given none: QEMU's first is 52:54:00:12:34:56.
    virtual state::MacAddress make_mac_address() = 0;
    /// The host's generator if `id` is empty; may be shared.
    virtual Result<backend::EntropySource*> claim_entropy(std::string_view id) = 0;
    /// The machine's, for one device.
    virtual Result<backend::MemoryBalloon*> claim_balloon() = 0;
    /// The machine's, for all devices that get what a person does, and for all that show something.
    virtual backend::Input& input() = 0;
    virtual backend::Screens& screens() = 0;
};

/// Told what happens to devices: QMP's events. Any thread.
class DeviceEvents {
  public:
    virtual ~DeviceEvents() = default;
    virtual void device_event(std::string_view name, state::Json data) = 0;
};

/// What every device is given besides its options. All of it outlives every device.
struct Surroundings {
    memory::Dma& dma;
    TimerService& timers;
    EventLoop& io;  ///< what the device's own work runs on
    Backends& backends;
    DeviceEvents& events;
    unsigned cpus;   ///< that the machine has
    std::string id;  ///< the user's name for the device; may be empty
};

struct DeviceType {
    std::string_view name;
    std::string_view alias;        ///< another name; empty: none
    std::string_view bus;          ///< Bus::kind() of where it fits
    std::string_view category;     ///< "storage", "network", "bridge", "misc": how lists group it
    std::string_view description;  ///< for lists; begins in lower case, without a full stop
    std::vector<state::OptionDescription> (*options)();
    /// `options` without "driver", "id" and "bus".
    Result<std::unique_ptr<Device>> (*make)(const state::Json& options, const Surroundings& surroundings);
    /// Every option with the value, of its own type, that a device made with `options` has.
    state::Json (*values)(const state::Json& options);
};

/// Of a Made that has `struct Options` and `static Result<std::unique_ptr<Device>> create(const Options&, const
/// Surroundings&)`.
template <class Made>
constexpr DeviceType device_type(std::string_view name, std::string_view alias, std::string_view bus,
                                 std::string_view category, std::string_view description) {
    return {name,
            alias,
            bus,
            category,
            description,
            &state::describe_options<typename Made::Options>,
            [](const state::Json& given, const Surroundings& surroundings) -> Result<std::unique_ptr<Device>> {
                typename Made::Options options;
                KELVIN_TRY(state::read_options("device", given, options));
                std::unique_ptr<Device> made = KELVIN_TRY(Made::create(options, surroundings));
                return made;
            },
            &state::complete_options<typename Made::Options>};
}

}  // namespace kelvin::bus
