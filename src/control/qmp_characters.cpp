// SPDX-License-Identifier: Apache-2.0
// QMP: character devices.
#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "control/qmp_command.h"

namespace kelvin::control {

namespace {

using state::Json;

struct CharacterInfo {
    std::string label;
    std::string filename;
    bool frontend_open = false;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("label", label, "");
        visit("filename", filename, "");
        visit("frontend-open", frontend_open, "");
    }
};

Result<std::vector<CharacterInfo>> query_characters(QmpContext& context, const QmpNothing&) {
    std::vector<CharacterInfo> list;
    for (const backend::CharacterEntry& entry : context.target.characters().list()) {
        list.push_back({entry.id, entry.description, entry.front_open});
    }
    return list;
}

struct Id {
    std::string id;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id, "the character device's name");
    }
};

Result<> remove_character(QmpContext& context, const Id& arguments) {
    return context.target.characters().remove(arguments.id);
}

/// {"type": T, "data": {...}}: T, and the data. How QAPI writes what -chardev says in one row of options.
struct Wrapped {
    std::string type;
    Json data = Json::object();
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("type", type, "which kind it is");
        visit("data", data, "what there is to say of that kind");
    }
};

/// What a socket is bound to or connects to, as -chardev socket says it.
Result<Json> flat_address(Json given) {
    Wrapped address;
    KELVIN_TRY(state::read_options("addr", given, address));
    if (!address.data.is_object()) {
        return user_error("addr: data is no object");
    }
    if (address.type == "fd") {
        return Json{{"fd", address.data.value("str", Json())}};
    }
    if (address.type != "unix" && address.type != "inet") {
        return user_error(fmt::format("addr: there is no address of type '{}'", address.type),
                          "unix, inet and fd are there");
    }
    return std::move(address.data);
}

/// -chardev's options.
Result<Json> flat_options(const Json& backend) {
    Wrapped wrapped;
    KELVIN_TRY(state::read_options("backend", backend, wrapped));
    if (!wrapped.data.is_object()) {
        return user_error("backend: data is no object");
    }
    Json options = std::move(wrapped.data);
    if (const auto address = options.find("addr"); address != options.end()) {
        const Json flat = KELVIN_TRY(flat_address(*address));
        options.erase("addr");
        options.update(flat);
    }
    for (const char* const path : {"out", "device"}) {
        if (const auto found = options.find(path); found != options.end()) {
            options["path"] = Json(*found);
            options.erase(path);
        }
    }
    options["backend"] = wrapped.type;
    return options;
}

struct NewCharacter {
    std::string id;
    Json backend;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id, "what it is called");
        visit("backend", backend, "its type, and data: what -chardev says of it");
    }
};

struct AddedCharacter {
    std::optional<std::string> pty;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("pty", pty, "the pseudo-terminal's path");
    }
};

Result<AddedCharacter> add_character(QmpContext& context, const NewCharacter& arguments) {
    constexpr std::string_view kTerminal = "pty:";
    backend::CharacterDevices& characters = context.target.characters();
    const Json options = KELVIN_TRY(flat_options(arguments.backend));
    KELVIN_TRY(characters.add({arguments.id, options}));
    const std::string description = characters.describe(arguments.id);
    AddedCharacter added;
    if (description.starts_with(kTerminal)) {
        added.pty = description.substr(kTerminal.size());
    }
    return added;
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_command<add_character>("chardev-add", "id backend "),
    qmp_command<remove_character>("chardev-remove", "id "),
    qmp_command<query_characters>("query-chardev"),
});

}  // namespace

std::span<const QmpCommand> qmp_character_commands() {
    return kCommands;
}

}  // namespace kelvin::control
