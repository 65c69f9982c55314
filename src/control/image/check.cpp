// SPDX-License-Identifier: Apache-2.0
#include "backend/block/qcow2/check.h"

#include <fmt/format.h>

#include <cstdio>

#include "control/image/command.h"

namespace kelvin::control::image {

namespace {

/// As qemu-img's.
enum Status : int { clean = 0, damaged = 2, leaking = 3, unsupported = 63 };

Result<block::qcow2::Repair> repair_called(const Arguments& arguments) {
    const std::string name = arguments.value("r");
    if (!arguments.has("r")) {
        return block::qcow2::Repair::nothing;
    }
    if (name != "leaks" && name != "all") {
        return user_error(fmt::format("-r cannot be '{}'", name), "-r leaks or -r all");
    }
    return name == "leaks" ? block::qcow2::Repair::leaks : block::qcow2::Repair::all;
}

}  // namespace

Result<int> check(block::IoContext& io, const Arguments& arguments) {
    if (arguments.operands.size() != 1) {
        return user_error("check takes an image");
    }
    const auto repair = KELVIN_TRY(repair_called(arguments));
    block::OpenOptions options;
    options.file.path = arguments.operands[0];
    options.file.read_only = repair == block::qcow2::Repair::nothing;
    options.file.lock = arguments.has("U")       ? block::LockMode::none
                        : options.file.read_only ? block::LockMode::reader
                                                 : block::LockMode::writer;
    options.format = KELVIN_TRY(format_option(arguments, "f"));
    options.with_backing = false;
    options.for_repair = true;
    const auto image = KELVIN_TRY(block::open_image(io, options));
    if (image.qcow2 == nullptr) {
        std::fprintf(stderr, "kelvin-img: image '%s' is raw: there is nothing to check\n", options.file.path.c_str());
        return unsupported;
    }
    block::qcow2::CheckReport report;
    block::qcow2::Checker checker(*image.qcow2);
    KELVIN_TRY(
        outcome(io.run(checker.run(repair, report)), fmt::format("image '{}' cannot be checked", options.file.path)));
    for (const std::string& finding : report.findings) {
        std::puts(finding.c_str());
    }
    const auto print = [](u64 number, const char* text) {
        if (number != 0) {
            std::printf("%llu %s\n", static_cast<unsigned long long>(number), text);
        }
    };
    print(report.corruptions, "errors were found on the image.");
    print(report.leaks, "leaked clusters were found on the image.");
    print(report.repaired, "refcounts were repaired.");
    if (report.corruptions + report.leaks == report.repaired) {
        std::puts("No errors are on the image.");
        return clean;
    }
    const bool all_leaks_repaired = repair != block::qcow2::Repair::nothing;
    return report.corruptions != 0 ? damaged : all_leaks_repaired ? clean : leaking;
}

}  // namespace kelvin::control::image
