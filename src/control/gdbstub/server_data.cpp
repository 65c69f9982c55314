// SPDX-License-Identifier: Apache-2.0
// Registers, memory, breakpoints and watchpoints.
#include <algorithm>

#include "control/gdbstub/server.h"

namespace kelvin::gdbstub {

namespace {

/// A debugger that sets more is out of its mind, and each is looked at when memory is.
constexpr std::size_t kMaxPoints = 4096;
/// Two digits a byte.
constexpr std::size_t kMaxRead = kMaxPayload / 2;

struct Range {
    u64 address, size;
};

/// "address,size"
std::optional<Range> parse_range(std::string_view text) {
    const auto address = parse_hex(take_until(text, ','));
    const auto size = parse_hex(text);
    return address && size ? std::optional(Range{*address, *size}) : std::nullopt;
}

}  // namespace

void Server::read_registers(std::string_view) {
    std::string text;
    for (std::size_t number = 0; number < target_.register_count(); number++) {
        text += to_hex(target_.read_register(chosen_, number));
    }
    reply(text);
}

void Server::write_registers(std::string_view rest) {
    const auto bytes = from_hex(rest);
    if (!bytes) {
        return reply_error();
    }
    std::span<const u8> left = *bytes;
    for (std::size_t number = 0; number < target_.register_count(); number++) {
        const std::size_t size = target_.register_size(number);
        if (left.size() < size) {
            break;
        }
        target_.write_register(chosen_, number, left.first(size));
        left = left.subspan(size);
    }
    reply_ok();
}

void Server::read_register(std::string_view rest) {
    const auto number = parse_hex(rest);
    if (!number || *number >= target_.register_count()) {
        return reply_error();
    }
    reply(to_hex(target_.read_register(chosen_, *number)));
}

void Server::write_register(std::string_view rest) {
    const auto number = parse_hex(take_until(rest, '='));
    const auto bytes = from_hex(rest);
    if (!number || !bytes || *number >= target_.register_count() || bytes->size() != target_.register_size(*number)) {
        return reply_error();
    }
    target_.write_register(chosen_, *number, *bytes);
    reply_ok();
}

void Server::read_memory(std::string_view rest) {
    const auto range = parse_range(rest);
    if (!range) {
        return reply_error();
    }
    // Less than was asked for is an answer too.
    std::vector<u8> bytes(std::min<u64>(range->size, kMaxRead));
    const std::size_t count = target_.read_memory(chosen_, physical_, range->address, bytes);
    if (count == 0 && !bytes.empty()) {
        return reply("E14");
    }
    reply(to_hex(std::span(bytes).first(count)));
}

void Server::write_memory(std::string_view rest) {
    const std::string_view place = take_until(rest, ':');
    if (const auto bytes = from_hex(rest)) {
        return write_bytes(place, *bytes);
    }
    reply_error();
}

void Server::write_binary_memory(std::string_view rest) {
    const std::string_view place = take_until(rest, ':');
    write_bytes(place, {reinterpret_cast<const u8*>(rest.data()), rest.size()});
}

void Server::write_bytes(std::string_view place, std::span<const u8> bytes) {
    const auto range = parse_range(place);
    if (!range || range->size != bytes.size()) {
        return reply_error();
    }
    if (target_.write_memory(chosen_, physical_, range->address, bytes) != bytes.size()) {
        return reply("E14");
    }
    reply_ok();
}

/// "type,address,kind", and conditions, which we have not said that we know. The kind of a watchpoint is its size.
std::optional<Server::Point> Server::parse_point(std::string_view rest) {
    rest = rest.substr(0, rest.find(';'));
    const std::string_view type = take_until(rest, ',');
    const auto range = parse_range(rest);
    if (type.size() != 1 || type[0] < '0' || type[0] > '4' || !range) {
        return std::nullopt;
    }
    const bool watches = type[0] >= '2';
    if (watches && range->size == 0) {
        return std::nullopt;
    }
    return Point{type[0], range->address, watches ? range->size : 0};
}

void Server::insert_point(std::string_view rest) {
    const auto point = parse_point(rest);
    if (!point || points_.size() >= kMaxPoints) {
        return reply_error();
    }
    points_.insert(*point);
    reply_ok();
}

void Server::remove_point(std::string_view rest) {
    const auto point = parse_point(rest);
    if (!point) {
        return reply_error();
    }
    points_.erase(*point);
    reply_ok();
}

accel::DebugPoints Server::points() const {
    accel::DebugPoints points;
    for (const auto& [type, address, size] : points_) {
        if (type < '2') {
            points.breakpoints.push_back(address);
        } else {
            points.watchpoints.push_back({address, size, type != '2', type != '3'});
        }
    }
    std::ranges::sort(points.breakpoints);
    return points;
}

}  // namespace kelvin::gdbstub
