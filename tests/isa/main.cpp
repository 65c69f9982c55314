// SPDX-License-Identifier: Apache-2.0
// isa SOURCE IMAGE: runs the image of one test on every engine, and checks what SOURCE expects. Where time is counted
// in instructions, all engines must come to the same registers, whatever these hold.
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <optional>

#include "isa/expectations.h"

namespace kelvin::isa {

namespace {

Result<std::vector<u8>> read_image(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<u8> image{std::istreambuf_iterator<char>(file), {}};
    if (image.empty() || image.size() > kReport - kRam) {
        return user_error(path + ": not an image that fits");
    }
    return image;
}

Result<bool> test(const std::string& source, const std::string& path) {
    const auto expectations = KELVIN_TRY(read_expectations(source));
    const auto image = KELVIN_TRY(read_image(path));
    bool good = true;
    std::optional<Report> first;
    for (const Timebase timebase : {Timebase::host, Timebase::instructions}) {
        const bool metered = timebase == Timebase::instructions;
        for (const Engine& engine : engines()) {
            const Result<Report> report = run(engine, image, timebase);
            std::string wrong = report ? check(report.value(), expectations) : report.error().message() + "\n";
            if (metered && report) {
                first = first ? first : report.value();
                wrong += differences(*first, report.value());
            }
            fmt::print("{}{}: {}\n{}", engine.name, metered ? ", metered" : "", wrong.empty() ? "good" : "WRONG",
                       wrong);
            good = good && wrong.empty();
        }
    }
    return good;
}

}  // namespace

}  // namespace kelvin::isa

int main(int argc, char** argv) {
    if (argc != 3) {
        fmt::print(stderr, "usage: isa SOURCE IMAGE\n");
        return 2;
    }
    const auto good = kelvin::isa::test(argv[1], argv[2]);
    if (!good) {
        fmt::print(stderr, "isa: {}\n", good.error().message());
        return 2;
    }
    return good.value() ? 0 : 1;
}
