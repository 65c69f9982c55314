// SPDX-License-Identifier: Apache-2.0
#include "vm/backends.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>

#include "base/nearest_name.h"

namespace kelvin::vm {

namespace {

struct RngRandomOptions {
    std::string filename = "/dev/urandom";
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("filename", filename, "the file that random bytes are read from");
    }
};

struct CaptureOptions {
    std::string netdev;
    std::string file;
    u32 maxlen = 65536;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("netdev", netdev, "the -netdev whose frames are written");
        visit("file", file, "where to, for tcpdump and Wireshark");
        visit("maxlen", maxlen, "how many bytes of each frame are kept");
    }
};

struct NoOptions {
    template <class Visitor>
    void fields(Visitor&) {}
};

struct SecretOptions {
    std::string data;
    std::string file;
    std::string format = "raw";
    std::string keyid;
    std::string iv;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("data", data, "the secret itself");
        visit("file", file, "a file that has it");
        visit("format", format, "raw or base64");
        visit("keyid", keyid, "the secret that this one is encrypted with; not supported");
        visit("iv", iv, "not supported");
    }
};

Result<> check_secret(const SecretOptions& options) {
    if (options.format != "raw" && options.format != "base64") {
        return user_error(fmt::format("secret: format is raw or base64, not '{}'", options.format));
    }
    if (!options.keyid.empty()) {
        return user_error("secret: secrets that are encrypted themselves are not supported", "leave out keyid and iv");
    }
    if (options.data.empty() == options.file.empty()) {
        return user_error("secret: exactly one of data and file is needed");
    }
    if (!options.file.empty() && ::access(options.file.c_str(), R_OK) != 0) {
        return host_error(fmt::format("secret: cannot read '{}'", options.file), errno);
    }
    return ok();
}

struct MemoryOptions {
    state::Size size;
    bool share = false;
    bool prealloc = false;
    bool merge = true;
    bool dump = true;
    bool reserve = true;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("size", size, "how much; -m says the same");
        visit("share", share, "accepted, without effect");
        visit("prealloc", prealloc, "accepted, without effect");
        visit("merge", merge, "accepted, without effect");
        visit("dump", dump, "accepted, without effect");
        visit("reserve", reserve, "accepted, without effect");
    }
};

Error no_backend(std::string_view option, std::string_view id) {
    return user_error(fmt::format("there is no {} with id={}", option, id));
}

}  // namespace

struct ObjectMakers {
    static Result<> rng_random(Backends& backends, const std::string& id, const RngRandomOptions& options) {
        backends.entropy_.emplace(id, KELVIN_TRY(backend::EntropySource::open(options.filename)));
        return ok();
    }
    static Result<> rng_builtin(Backends& backends, const std::string& id, const NoOptions&) {
        backends.entropy_.emplace(id, backend::EntropySource());
        return ok();
    }
    static Result<> capture(Backends& backends, const std::string&, const CaptureOptions& options) {
        return backends.ends_.networks.add_capture(options.netdev, options.file, options.maxlen);
    }
    /// Read now, so that a mistake is seen now; what would use it, encrypted images, is not there yet.
    static Result<> secret(Backends&, const std::string&, const SecretOptions& options) {
        return check_secret(options);
    }
    /// -machine memory-backend= refers to it: see control/options_machine.cpp.
    static Result<> memory(Backends&, const std::string&, const MemoryOptions&) { return ok(); }
};

namespace {

template <class Options, Result<> (*Make)(Backends&, const std::string&, const Options&)>
constexpr ObjectType object_type(std::string_view name) {
    return {name, &state::describe_options<Options>, &state::complete_options<Options>,
            [](Backends& backends, const ObjectSpec& spec) -> Result<> {
                Options options;
                KELVIN_TRY(state::read_options(spec.type, spec.options, options));
                return Make(backends, spec.id, options);
            }};
}

constexpr auto kObjectTypes = std::to_array<ObjectType>({
    object_type<CaptureOptions, ObjectMakers::capture>("filter-dump"),
    object_type<MemoryOptions, ObjectMakers::memory>("memory-backend-ram"),
    object_type<NoOptions, ObjectMakers::rng_builtin>("rng-builtin"),
    object_type<RngRandomOptions, ObjectMakers::rng_random>("rng-random"),
    object_type<SecretOptions, ObjectMakers::secret>("secret"),
});

}  // namespace

std::span<const ObjectType> object_types() {
    return kObjectTypes;
}

Result<> Backends::add_object(const ObjectSpec& spec) {
    const auto type = std::ranges::find(kObjectTypes, spec.type, &ObjectType::name);
    if (type == kObjectTypes.end()) {
        std::vector<std::string_view> names;
        std::ranges::transform(kObjectTypes, std::back_inserter(names), &ObjectType::name);
        return user_error(fmt::format("there is no object '{}'{}", spec.type, did_you_mean(spec.type, names)),
                          fmt::format("objects are {}", fmt::join(names, ", ")));
    }
    if (spec.id.empty()) {
        return user_error(fmt::format("{}: an object needs an id", spec.type), "add id=NAME");
    }
    if (objects_.contains(spec.id)) {
        return user_error(fmt::format("{}: another object has id={}", spec.type, spec.id));
    }
    KELVIN_TRY(type->add(*this, spec));
    objects_.emplace(spec.id, Object{&*type, spec.options, {}});
    return ok();
}

Result<> Backends::remove_object(const std::string& id) {
    const auto found = objects_.find(id);
    if (found == objects_.end()) {
        return user_error(fmt::format("there is no object with id={}", id));
    }
    if (!found->second.users.empty()) {
        return user_error(fmt::format("object '{}' is in use", id), "remove the device that has it first: device_del");
    }
    if (found->second.type->name == "filter-dump" || found->second.type->name == "memory-backend-ram") {
        return user_error(fmt::format("object '{}' stays as long as the machine", id));
    }
    entropy_.erase(id);
    objects_.erase(found);
    return ok();
}

std::vector<ObjectEntry> Backends::objects() const {
    std::vector<ObjectEntry> all;
    for (const auto& [id, object] : objects_) {
        all.push_back({id, object.type, object.options});
    }
    return all;
}

void Backends::release(const std::string& owner) {
    ends_.drives.release(owner);
    ends_.networks.release(owner);
    ends_.characters.release(owner);
    for (auto& [id, object] : objects_) {
        std::erase(object.users, owner);
    }
    if (balloon_owner_ == owner) {
        balloon_owner_.clear();
    }
}

Result<backend::MemoryBalloon*> Backends::claim_balloon() {
    if (!balloon_owner_.empty()) {
        return user_error("the machine has a balloon", "leave out one of the two");
    }
    balloon_owner_ = claimant_.key;
    return &ends_.balloon;
}

Result<backend::BlockDevice*> Backends::claim_block(std::string_view id) {
    return ends_.drives.claim(id, claimant_);
}

Result<backend::CharacterBackend*> Backends::claim_character(std::string_view id) {
    return ends_.characters.claim(id, claimant_.key);
}

Result<backend::NetworkPort*> Backends::claim_network(std::string_view id) {
    return ends_.networks.claim(id, claimant_.key);
}

state::MacAddress Backends::make_mac_address() {
    constexpr std::array<u8, 6> kFirst = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
    state::MacAddress address{kFirst};
    address.bytes[5] = static_cast<u8>(kFirst[5] + addresses_made_++);
    return address;
}

Result<backend::EntropySource*> Backends::claim_entropy(std::string_view id) {
    if (id.empty()) {
        return &host_entropy_;
    }
    const auto found = entropy_.find(id);
    if (found == entropy_.end()) {
        return no_backend("-object rng-random or rng-builtin", id);
    }
    objects_.find(id)->second.users.push_back(claimant_.key);
    return &found->second;
}

}  // namespace kelvin::vm
