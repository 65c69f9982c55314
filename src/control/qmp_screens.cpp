// SPDX-License-Identifier: Apache-2.0
// QMP: screens.
#include <array>

#include "control/qmp_command.h"
#include "control/screens.h"

namespace kelvin::control {

namespace {

struct Dump {
    std::string filename;
    std::optional<std::string> device;
    std::optional<u64> head;
    std::optional<std::string> format;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("filename", filename, "where the picture goes");
        visit("device", device, "the id of a video card; the first if left out");
        visit("head", head, "0: a card has one screen");
        visit("format", format, "ppm or png; ppm if left out");
    }
};

Result<> dump(QmpContext& context, const Dump& arguments) {
    if (arguments.head.value_or(0) != 0) {
        return user_error("head: a card has one screen, number 0");
    }
    const std::string format = arguments.format.value_or("ppm");
    if (format != "ppm" && format != "png") {
        return user_error("format: it can be ppm or png");
    }
    return dump_screen(context.target.vm(),
                       {arguments.filename, arguments.device.value_or(""),
                        format == "png" ? backend::PictureFormat::png : backend::PictureFormat::ppm});
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_command<dump>("screendump", "filename "),
});

}  // namespace

std::span<const QmpCommand> qmp_screen_commands() {
    return kCommands;
}

}  // namespace kelvin::control
