// SPDX-License-Identifier: Apache-2.0
// The host's ends of devices, by the names that users gave them, and who has them.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/balloon/memory_balloon.h"
#include "backend/char/character_devices.h"
#include "backend/entropy/entropy_source.h"
#include "bus/device_type.h"
#include "vm/drives.h"
#include "vm/machine_spec.h"
#include "vm/networks.h"

namespace kelvin::vm {

class Backends;

/// A kind of -object.
struct ObjectType {
    std::string_view name;
    std::vector<state::OptionDescription> (*options)();
    /// Every option with the value that an object made with `given` has.
    state::Json (*values)(const state::Json& given);
    /// `spec` has an id that is new.
    Result<> (*add)(Backends& backends, const ObjectSpec& spec);
};
std::span<const ObjectType> object_types();

/// An object, for lists.
struct ObjectEntry {
    std::string id;
    const ObjectType* type;
    state::Json options;  ///< that it was made with
};

/// The I/O loop's thread, but while the machine is built.
class Backends final : public bus::Backends {
  public:
    /// All of them outlive this object.
    struct Ends {
        Drives& drives;
        Networks& networks;
        backend::CharacterDevices& characters;
        backend::MemoryBalloon& balloon;
        backend::Input& input;
        backend::Screens& screens;
    };
    explicit Backends(const Ends& ends) : ends_(ends) {}

    /// An -object; `id` must be new.
    Result<> add_object(const ObjectSpec& spec);
    /// Not while a device has it.
    Result<> remove_object(const std::string& id);
    /// Those that were added, in the order of their names.
    std::vector<ObjectEntry> objects() const;

    /// What is claimed from now on belongs to `claimant`, until release(its key).
    void begin_claims(Claimant claimant) { claimant_ = std::move(claimant); }
    void release(const std::string& owner);

    Result<backend::BlockDevice*> claim_block(std::string_view id) override;
    Result<backend::CharacterBackend*> claim_character(std::string_view id) override;
    Result<backend::NetworkPort*> claim_network(std::string_view id) override;
    state::MacAddress make_mac_address() override;
    Result<backend::EntropySource*> claim_entropy(std::string_view id) override;
    Result<backend::MemoryBalloon*> claim_balloon() override;
    backend::Input& input() override { return ends_.input; }
    backend::Screens& screens() override { return ends_.screens; }

  private:
    friend struct ObjectMakers;

    struct Object {
        const ObjectType* type = nullptr;
        state::Json options;
        std::vector<std::string> users;  ///< it cannot go while there are any
    };

    const Ends ends_;
    std::string balloon_owner_;  // empty: none
    Claimant claimant_;
    unsigned addresses_made_ = 0;
    std::map<std::string, Object, std::less<>> objects_;
    std::map<std::string, backend::EntropySource, std::less<>> entropy_ = {};
    backend::EntropySource host_entropy_;
};

}  // namespace kelvin::vm
