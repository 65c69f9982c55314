// SPDX-License-Identifier: Apache-2.0
// -incoming, -loadvm: understood, and answered by what there is instead.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "base/fd.h"
#include "base/nearest_name.h"
#include "base/types.h"
#include "control/option_table.h"

namespace kelvin::control {

namespace {

constexpr auto kChannels =
    std::to_array<std::string_view>({"defer", "tcp", "unix", "vsock", "fd", "exec", "file", "rdma"});
/// QEMU's streams begin with "QEVM" and a version (docs/devel/migration of QEMU).
constexpr std::array<u8, 4> kMagic = {'Q', 'E', 'V', 'M'};
constexpr u32 kVersion = 3;

u32 big_endian(std::span<const u8, 4> bytes) {
    return static_cast<u32>(bytes[0]) << 24 | static_cast<u32>(bytes[1]) << 16 | static_cast<u32>(bytes[2]) << 8 |
           bytes[3];
}

/// "PATH[,offset=N]": what is there.
Result<std::string> look_at_stream(std::string_view place) {
    const std::string path(place.substr(0, place.find(',')));
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<u8, 8> head{};
    const ssize_t count = file ? ::read(file.get(), head.data(), head.size()) : -1;
    if (count < 0) {
        return host_error(fmt::format("cannot read '{}'", path), errno);
    }
    if (count < static_cast<ssize_t>(head.size())) {
        return fmt::format("'{}' ends after {} bytes, before a migration stream's header of 8 is complete", path,
                           count);
    }
    if (!std::equal(kMagic.begin(), kMagic.end(), head.begin())) {
        return fmt::format("'{}' is no migration stream: it begins with {:02x} {:02x} {:02x} {:02x}, not with \"QEVM\"",
                           path, head[0], head[1], head[2], head[3]);
    }
    return fmt::format("'{}' is a migration stream of QEMU's format, version {} (QEMU 10 writes {})", path,
                       big_endian(std::span(head).subspan<4, 4>()), kVersion);
}

Error no_migration(const std::string& what) {
    return user_error(what + "; a machine's state cannot be taken over from another process yet",
                      "leave -incoming out: the machine then starts from its disk or kernel. A state that another "
                      "emulator has saved is for that emulator to load");
}

}  // namespace

Result<> apply_incoming(Draft&, const std::string& value) {
    if (value.starts_with('{')) {
        KELVIN_TRY(state::parse_json(value));
        return no_migration("channels are described");
    }
    const std::size_t colon = std::min(value.find(':'), value.size());
    const std::string kind = value.substr(0, colon);
    if (std::ranges::find(kChannels, kind) == kChannels.end() || (colon == value.size()) != (kind == "defer")) {
        return user_error(
            fmt::format("'{}' is nothing that a machine could come from{}", kind, did_you_mean(kind, kChannels)),
            "defer, tcp:HOST:PORT, unix:PATH, fd:NUMBER, exec:COMMAND or file:PATH");
    }
    if (kind == "file") {
        return no_migration(KELVIN_TRY(look_at_stream(std::string_view(value).substr(colon + 1))));
    }
    return no_migration(kind == "defer" ? "migrate-incoming is not there" : "nothing was read from there");
}

Result<> apply_load_state(Draft&, const std::string& value) {
    return user_error(
        fmt::format("a machine's state cannot be loaded from an image yet, so that '{}' cannot go on", value),
        fmt::format("its disk alone can go back: kelvin-img snapshot -a {} FILE, while no machine runs; "
                    "kelvin-img snapshot -l FILE lists what there is",
                    value));
}

}  // namespace kelvin::control
