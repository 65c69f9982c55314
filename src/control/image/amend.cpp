// SPDX-License-Identifier: Apache-2.0
// Changes what an image says of itself.
#include <fmt/format.h>

#include "control/image/command.h"
#include "state/options.h"

namespace kelvin::control::image {

namespace {

struct AmendOptions {
    std::string compat;
    std::optional<bool> lazy_refcounts;
    std::optional<std::string> backing_file;
    std::string backing_fmt;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("compat", compat, "1.1: qcow2's version 3");
        visit("lazy_refcounts", lazy_refcounts, "refcounts may be written late");
        visit("backing_file", backing_file, "the image behind it");
        visit("backing_fmt", backing_fmt, "that one's format");
    }
};

Result<> check(const AmendOptions& given, const block::qcow2::Header& header, const std::string& path) {
    const bool is_old = given.compat == "0.10" || given.compat == "v2";
    if (!given.compat.empty() && !is_old && given.compat != "1.1" && given.compat != "v3") {
        return user_error(fmt::format("compat cannot be '{}'", given.compat), "0.10 or 1.1");
    }
    if (is_old && header.version > 2) {
        return user_error(fmt::format("image '{}' cannot become one of version 2 where it is", path),
                          fmt::format("kelvin-img convert -O qcow2 -o compat=0.10 '{}' NEW", path));
    }
    if (given.lazy_refcounts.value_or(false) && header.version == 2 && given.compat.empty()) {
        return user_error("version 2 (compat=0.10) has no lazy_refcounts", "-o compat=1.1,lazy_refcounts=on");
    }
    if (given.backing_file && !given.backing_file->empty()) {
        KELVIN_TRY(named_format(given.backing_fmt.empty() ? "none; give backing_fmt" : given.backing_fmt));
    }
    return ok();
}

}  // namespace

Result<int> amend(block::IoContext& io, const Arguments& arguments) {
    if (arguments.operands.size() != 1 || !arguments.has("o")) {
        return user_error("amend takes -o OPTIONS and an image", "kelvin-img amend -o compat=1.1 disk.qcow2");
    }
    const std::string& path = arguments.operands[0];
    AmendOptions given;
    for (const std::string& text : arguments.options.at("o")) {
        const state::Json json = KELVIN_TRY(state::parse_options(text));
        KELVIN_TRY(state::read_options("amend", json, given));
    }
    block::OpenOptions options;
    options.file.path = path;
    options.file.lock = block::LockMode::writer;
    options.format = block::Format::qcow2;
    options.with_backing = false;
    auto image = KELVIN_TRY(block::open_image(io, options));
    block::qcow2::Image& qcow2 = *image.qcow2;
    KELVIN_TRY(check(given, qcow2.header(), path));
    const std::string doing = fmt::format("image '{}' cannot be changed", path);
    if (!given.compat.empty() || given.lazy_refcounts) {
        const bool upgrade = given.compat == "1.1" || given.compat == "v3";
        KELVIN_TRY(outcome(io.run(qcow2.change_features(upgrade, given.lazy_refcounts)), doing));
    }
    if (given.backing_file) {
        KELVIN_TRY(outcome(io.run(qcow2.set_backing_name(*given.backing_file, given.backing_fmt)), doing));
    }
    KELVIN_TRY(outcome(io.run(image.node->close()), doing));
    return 0;
}

}  // namespace kelvin::control::image
