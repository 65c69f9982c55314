// SPDX-License-Identifier: Apache-2.0
// Writes to qcow2 images, and looks at what a loss of power at many moments may leave of each: the image is whole, and
// what was flushed is there; and goes on with some.
//
//   power_loss FOLDER SECONDS [SEED]
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "backend/block/chain/open_image.h"
#include "backend/block/drive.h"
#include "backend/block/qcow2/check.h"
#include "backend/block/qcow2/create.h"
#include "history.h"
#include "host_calls.h"
#include "writer.h"

namespace kelvin::endurance {

namespace {

using block::IoContext;

constexpr u64 kLosses = 60;            // of each image
constexpr u64 kQemuLooksAtOneIn = 30;  // starting a program takes longer than all the rest
constexpr u64 kGoOnWithOneIn = 4;

struct Folder {
    std::string path;
    std::string image() const { return path + "/image.qcow2"; }
    std::string backing() const { return path + "/backing.raw"; }
    std::string wreck() const { return path + "/wreck.qcow2"; }
};

std::vector<u8> load(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void store(const std::string& path, std::span<const u8> bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void make_backing(const Folder& folder, u64 size) {
    std::vector<u8> bytes(size);
    for (u64 at = 0; at < size; at += 8) {
        const u64 content = content_before(true, at / kSector);
        std::memcpy(bytes.data() + at, &content, 8);
    }
    store(folder.backing(), bytes);
}

struct Kind {
    block::qcow2::CreateOptions create;
    bool write_through = false;
    bool snapshots = false;

    std::string name() const {
        return fmt::format("{} bytes, clusters of {}, refcounts of {} bits{}{}{}{}{}", create.size,
                           1U << create.cluster_bits, 1U << create.refcount_order,
                           create.extended_l2 ? ", extended L2" : "", create.version == 2 ? ", version 2" : "",
                           create.backing_name.empty() ? "" : ", backing image", write_through ? ", write-through" : "",
                           snapshots ? ", snapshots" : "");
    }
};

Kind random_kind(const Folder& folder, std::mt19937_64& random) {
    Kind kind;
    constexpr unsigned kClusterBits[] = {9, 9, 12, 12, 14, 16};
    kind.create.cluster_bits = kClusterBits[random() % std::size(kClusterBits)];
    kind.create.size = (u64{1} << kind.create.cluster_bits) * (100 + random() % 900);
    kind.create.size = std::min<u64>(kind.create.size, (4 << 20) + random() % 64 * kSector);
    kind.create.refcount_order = random() % 3 == 0 ? 6 : 4;
    kind.create.extended_l2 = kind.create.cluster_bits >= 14 && random() % 2 == 0;
    kind.create.version = !kind.create.extended_l2 && kind.create.refcount_order == 4 && random() % 5 == 0 ? 2 : 3;
    kind.write_through = random() % 6 == 0;
    kind.snapshots = random() % 3 == 0;
    if (random() % 2 == 0) {
        kind.create.backing_name = folder.backing();
        kind.create.backing_format = "raw";
    }
    return kind;
}

class Losses {
  public:
    Losses(Folder folder, u64 seed) : folder_(std::move(folder)), seed_(seed), random_(seed) {}

    /// One image. Ends the program if anything is wrong.
    void run() {
        kind_ = random_kind(folder_, random_);
        if (!kind_.create.backing_name.empty()) {
            make_backing(folder_, kind_.create.size);
        }
        create();
        History history(kind_.create.size / kSector, !kind_.create.backing_name.empty());
        const std::vector<u8> before = load(folder_.image());
        write(history);
        HostCalls& calls = HostCalls::get();
        const Moment end = calls.now();
        calls.end();
        Wreckage wreckage(calls, before);
        std::vector<Moment> moments(kLosses);
        std::ranges::generate(moments, [&] { return 1 + random_() % end; });
        std::ranges::sort(moments);
        for (const Moment moment : moments) {
            store(folder_.wreck(), wreckage.at(moment, random_));
            look(history, moment);
            ++losses;
        }
        requests += history.count();
    }

    u64 losses = 0;
    u64 requests = 0;

  private:
    [[noreturn]] void fail(const std::string& what) {
        std::fprintf(stderr, "power_loss: seed %llu: %s: %s\n", static_cast<unsigned long long>(seed_),
                     kind_.name().c_str(), what.c_str());
        std::exit(1);
    }
    void must(int error, const char* what) {
        if (error != 0) {
            fail(fmt::format("{}: {}", what, std::strerror(error)));
        }
    }

    std::unique_ptr<IoContext> make_io() {
        auto io = IoContext::create(block::IoEngine::threads);
        return io ? std::move(*io) : (fail(io.error().message()), nullptr);
    }
    block::OpenedImage open(IoContext& io, const std::string& path, bool read_only) {
        auto opened =
            block::open_image(io, {.file = {.path = path, .read_only = read_only, .lock = block::LockMode::none},
                                   .format = block::Format::qcow2});
        return opened ? std::move(*opened) : (fail(opened.error().message()), block::OpenedImage{});
    }

    void create() {
        const auto io = make_io();
        auto file = block::FileNode::open(*io, {.path = folder_.image(), .create = true});
        if (!file) {
            fail(file.error().message());
        }
        const auto image = block::qcow2::create(*io, *file, kind_.create);
        if (!image) {
            fail(image.error().message());
        }
        must(io->run((*image)->close()), "close");
    }

    void write(History& history) {
        const auto io = make_io();
        const block::OpenedImage image = open(*io, folder_.image(), false);
        struct stat status {};
        ::stat(folder_.image().c_str(), &status);
        HostCalls::get().begin(status.st_ino);
        block::Drive drive(*io, image.node, {.name = "written", .write_through = kind_.write_through});
        Writer writer(drive, history, random_);
        for (unsigned part = 0; part < 4; ++part) {
            must(writer.run(100), "a request");
            if (kind_.snapshots) {
                change_snapshots(*io, *image.qcow2);
            }
        }
        // What a machine that ends writes is cut short too.
        must(io->run(image.node->close()), "close");
    }

    void change_snapshots(IoContext& io, block::qcow2::Image& image) {
        const Moment begun = HostCalls::get().now();
        if (!image.snapshots().empty() && random_() % 2 == 0) {
            must(io.run(image.delete_snapshot(random_() % image.snapshots().size())), "deleting a snapshot");
        } else {
            must(io.run(image.create_snapshot(fmt::format("s{}", random_() % 100000))), "a snapshot");
        }
        snapshots_.push_back({begun, HostCalls::get().now()});
    }
    /// Then counts are higher, for a while, than those flags say that qemu-img looks at; nobody is hurt by that.
    bool within_snapshot(Moment moment) const {
        return std::ranges::any_of(
            snapshots_, [moment](const HostCalls::Sync& each) { return each.begun <= moment && moment <= each.ended; });
    }

    void look(const History& history, Moment moment) {
        const std::vector<u8> disk = check_and_read(!within_snapshot(moment));
        if (const std::string complaint = history.complaint(disk, moment); !complaint.empty()) {
            fail(fmt::format("power lost at {}: {}", moment, complaint));
        }
        if (random_() % kGoOnWithOneIn == 0) {
            go_on(disk);
        }
    }

    std::vector<u8> check_and_read(bool ask_qemu) {
        const auto io = make_io();
        const block::OpenedImage image = open(*io, folder_.wreck(), true);
        block::qcow2::CheckReport report;
        must(io->run(block::qcow2::Checker(*image.qcow2).run(block::qcow2::Repair::nothing, report)), "check");
        if (report.corruptions != 0) {
            fail(fmt::format("{} of it: {}", report.corruptions, fmt::join(report.findings, "; ")));
        }
        if (ask_qemu && random_() % kQemuLooksAtOneIn == 0) {
            const int status =
                std::system(fmt::format("qemu-img check -q -U {} > /dev/null 2>&1", folder_.wreck()).c_str());
            if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 3)) {
                fail("qemu-img check finds it damaged");
            }
        }
        std::vector<u8> disk(image.node->size());
        const block::SingleBuffer buffer(disk);
        must(io->run(image.node->read(0, buffer.buffers())), "read");
        return disk;
    }

    /// Whoever opens the image next finds all places that count as free really free.
    void go_on(std::vector<u8> disk) {
        {
            const auto io = make_io();
            const block::OpenedImage image = open(*io, folder_.wreck(), false);
            for (unsigned i = 0; i < 40; ++i) {
                const u64 length = 1 + random_() % std::min<u64>(disk.size() / 8, 3 << kind_.create.cluster_bits);
                const u64 offset = random_() % (disk.size() - length + 1);
                std::vector<u8> bytes(length, static_cast<u8>(random_() | 1));
                std::ranges::copy(bytes, disk.begin() + static_cast<i64>(offset));
                const block::SingleBuffer buffer(bytes);
                must(io->run(image.node->write(offset, buffer.buffers())), "write");
            }
            must(io->run(image.node->close()), "close");
        }
        if (check_and_read(false) != disk) {
            fail("what is written afterwards reads wrong");
        }
    }

    Folder folder_;
    u64 seed_;
    std::mt19937_64 random_;
    Kind kind_;
    std::vector<HostCalls::Sync> snapshots_;  // when they were made and deleted
};

int run(const std::string& path, double seconds, u64 seed) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    u64 images = 0;
    u64 losses = 0;
    u64 requests = 0;
    do {
        Losses each({path}, seed + images);
        each.run();
        ++images;
        losses += each.losses;
        requests += each.requests;
    } while (std::chrono::steady_clock::now() < end);
    std::printf("%llu images, %llu requests, %llu losses of power\n", static_cast<unsigned long long>(images),
                static_cast<unsigned long long>(requests), static_cast<unsigned long long>(losses));
    return 0;
}

}  // namespace

}  // namespace kelvin::endurance

int main(int count, char** arguments) {
    if (count < 3) {
        std::fprintf(stderr, "usage: power_loss FOLDER SECONDS [SEED]\n");
        return 2;
    }
    const kelvin::u64 seed = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : std::random_device{}();
    return kelvin::endurance::run(arguments[1], std::strtod(arguments[2], nullptr), seed);
}
