// SPDX-License-Identifier: Apache-2.0
#include "vm/backends.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

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

constexpr auto kObjectTypes = std::to_array<std::string_view>({"rng-builtin", "rng-random", "filter-dump"});

Error no_backend(std::string_view option, std::string_view id) {
    return user_error(fmt::format("there is no {} with id={}", option, id));
}

}  // namespace

Result<> Backends::add_object(const ObjectSpec& spec) {
    if (spec.id.empty()) {
        return user_error(fmt::format("{}: an object needs an id", spec.type), "add id=NAME");
    }
    if (entropy_.contains(spec.id)) {
        return user_error(fmt::format("{}: another object has id={}", spec.type, spec.id));
    }
    if (spec.type == "rng-random") {
        RngRandomOptions options;
        KELVIN_TRY(state::read_options(spec.type, spec.options, options));
        entropy_.emplace(spec.id, KELVIN_TRY(backend::EntropySource::open(options.filename)));
        return ok();
    }
    if (spec.type == "rng-builtin") {
        NoOptions none;
        KELVIN_TRY(state::read_options(spec.type, spec.options, none));
        entropy_.emplace(spec.id, backend::EntropySource());
        return ok();
    }
    if (spec.type == "filter-dump") {
        CaptureOptions options;
        KELVIN_TRY(state::read_options(spec.type, spec.options, options));
        return networks_.add_capture(options.netdev, options.file, options.maxlen);
    }
    return user_error(fmt::format("there is no object '{}'{}", spec.type, did_you_mean(spec.type, kObjectTypes)),
                      fmt::format("objects are {}", fmt::join(kObjectTypes, ", ")));
}

void Backends::release(const std::string& owner) {
    drives_.release(owner);
    networks_.release(owner);
    characters_.release(owner);
    if (balloon_owner_ == owner) {
        balloon_owner_.clear();
    }
}

Result<backend::MemoryBalloon*> Backends::claim_balloon() {
    if (!balloon_owner_.empty()) {
        return user_error("the machine has a balloon", "leave out one of the two");
    }
    balloon_owner_ = claimant_.key;
    return &balloon_;
}

Result<backend::BlockDevice*> Backends::claim_block(std::string_view id) {
    return drives_.claim(id, claimant_);
}

Result<backend::CharacterBackend*> Backends::claim_character(std::string_view id) {
    return characters_.claim(id, claimant_.key);
}

Result<backend::NetworkPort*> Backends::claim_network(std::string_view id) {
    return networks_.claim(id, claimant_.key);
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
    return &found->second;
}

}  // namespace kelvin::vm
