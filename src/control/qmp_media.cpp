// SPDX-License-Identifier: Apache-2.0
// QMP: media of CD drives.
#include <array>

#include "control/qmp_command.h"

namespace kelvin::control {

namespace {

struct Place {
    std::string device;
    std::string id;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("device", device, "the drive");
        visit("id", id, "or the device that has it");
    }
    vm::MediumPlace place() const { return {device, id}; }
};

struct Opening : Place {
    bool force = false;
    template <class Visitor>
    void fields(Visitor& visit) {
        Place::fields(visit);
        visit("force", force, "though the guest has locked the tray");
    }
};

Result<> open_tray(QmpContext& context, const Opening& arguments) {
    return context.target.vm().drives().open_tray(arguments.place(), arguments.force);
}

Result<> close_tray(QmpContext& context, const Place& arguments) {
    return context.target.vm().drives().close_tray(arguments.place());
}

struct Device {
    std::string id;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id, "the device");
    }
};

Result<> remove_medium(QmpContext& context, const Device& arguments) {
    return context.target.vm().drives().remove_medium({{}, arguments.id});
}

struct Insertion {
    std::string id;
    std::string node;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id, "the device");
        visit("node-name", node, "what is put in");
    }
};

Result<> insert_medium(QmpContext& context, const Insertion& arguments) {
    return context.target.vm().drives().insert_medium({{}, arguments.id}, arguments.node);
}

Result<> eject(QmpContext& context, const Opening& arguments) {
    return context.target.vm().drives().eject(arguments.place(), arguments.force);
}

struct Change : Opening {
    std::string filename;
    std::optional<vm::ImageFormat> format;
    template <class Visitor>
    void fields(Visitor& visit) {
        Opening::fields(visit);
        visit("filename", filename, "what is put in");
        visit("format", format, "raw or qcow2");
    }
};

Result<> change_medium(QmpContext& context, const Change& arguments) {
    return context.target.vm().drives().change_medium(arguments.place(), {arguments.filename, arguments.format},
                                                      arguments.force);
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_command<change_medium>("blockdev-change-medium", "filename "),
    qmp_command<close_tray>("blockdev-close-tray"),
    qmp_command<insert_medium>("blockdev-insert-medium", "id node-name "),
    qmp_command<open_tray>("blockdev-open-tray"),
    qmp_command<remove_medium>("blockdev-remove-medium", "id "),
    qmp_command<eject>("eject"),
});

}  // namespace

std::span<const QmpCommand> qmp_media_commands() {
    return kCommands;
}

}  // namespace kelvin::control
