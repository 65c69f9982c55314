// SPDX-License-Identifier: Apache-2.0
// Does random things to an image and keeps a copy of what the disk must be.
//
//   exercise random IMAGE SEED COUNT COPY   compares as it goes; the disk's bytes end up in COPY
//   exercise kill IMAGE SEED                writes until it is killed; says "N" once the writes up to N were flushed
//   exercise survived IMAGE SEED N          compares with what the first N writes of `kill` leave
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <set>
#include <string>

#include "backend/block/chain/open_image.h"
#include "backend/block/drive.h"

namespace kelvin::block {
namespace {

using backend::BlockRequest;

[[noreturn]] void fail(const std::string& text) {
    std::fprintf(stderr, "exercise: %s\n", text.c_str());
    std::exit(1);
}

class Exercise {
  public:
    Exercise(const std::string& path, u64 seed, bool read_only) : random_(seed) {
        auto io = IoContext::create();
        if (!io) {
            fail(io.error().message());
        }
        io_ = std::move(*io);
        auto opened = open_image(
            *io_,
            {.file = {.path = path, .read_only = read_only, .lock = read_only ? LockMode::reader : LockMode::writer},
             .format = std::nullopt});
        if (!opened) {
            fail(opened.error().message());
        }
        image_ = std::move(*opened);
        drive_ = std::make_unique<Drive>(*io_, image_.node, DriveOptions{.name = "exercised"});
        model_.resize(drive_->size());
    }

    /// What snapshots the image has are deleted: what they hold is not known.
    void load_model() {
        transfer(BlockRequest::Kind::read, 0, model_);
        while (is_qcow2() && !image_.qcow2->snapshots().empty()) {
            if (const int error = io_->run(image_.qcow2->delete_snapshot(0)); error != 0) {
                fail("delete: " + std::string(std::strerror(error)));
            }
        }
    }

    /// Several requests at a time, on ranges that do not overlap.
    void step(unsigned at_once) {
        const u64 slice = model_.size() / at_once;
        std::vector<BlockRequest> requests(at_once);
        std::vector<std::vector<u8>> buffers(at_once);
        std::vector<iovec> areas(at_once);
        for (unsigned i = 0; i < at_once; ++i) {
            plan(requests[i], buffers[i], areas[i], i * slice, slice);
            drive_->submit(requests[i]);
        }
        drive_->drain();
        for (unsigned i = 0; i < at_once; ++i) {
            check(requests[i], buffers[i]);
        }
    }

    void flush() { perform({.kind = BlockRequest::Kind::flush}); }

    void snapshots() {
        qcow2::Image& image = *image_.qcow2;
        const u64 count = image.snapshots().size();
        const u64 choice = random_() % 3;
        int error = 0;
        if (choice == 0 || count == 0) {
            error = io_->run(image.create_snapshot("s" + std::to_string(random_() % 1000)));
            states_.push_back(model_);
        } else {
            const u64 index = random_() % count;
            if (choice == 1) {
                error = io_->run(image.apply_snapshot(index));
                model_ = states_[index];
            } else {
                error = io_->run(image.delete_snapshot(index));
                states_.erase(states_.begin() + static_cast<i64>(index));
            }
        }
        if (error != 0) {
            fail("snapshot: " + std::string(std::strerror(error)));
        }
    }
    bool is_qcow2() const { return image_.qcow2 != nullptr; }

    void compare() {
        std::vector<u8> disk(model_.size());
        transfer(BlockRequest::Kind::read, 0, disk);
        for (u64 i = 0; i < disk.size(); ++i) {
            if (disk[i] != model_[i]) {
                fail("byte " + std::to_string(i) + " is " + std::to_string(disk[i]) + ", not " +
                     std::to_string(model_[i]));
            }
        }
    }

    void close(const std::string& copy) {
        drive_->drain();
        drive_.reset();
        if (const int error = io_->run(image_.node->close()); error != 0) {
            fail(std::strerror(error));
        }
        if (!copy.empty()) {
            std::FILE* const file = std::fopen(copy.c_str(), "wb");
            std::fwrite(model_.data(), 1, model_.size(), file);
            std::fclose(file);
        }
    }

    /// Write number `number` of `kill`: always the same for a seed.
    void numbered_write(u64 seed, u64 number, bool to_disk) {
        std::mt19937_64 random(seed * 1'000'003 + number);
        const u64 length = 512 * (1 + random() % 64);
        const u64 offset = random() % ((model_.size() - length) / 512) * 512;
        std::vector<u8> data(length, static_cast<u8>(number % 255 + 1));
        std::memcpy(data.data(), &number, sizeof number);
        if (to_disk) {
            transfer(BlockRequest::Kind::write, offset, data);
        } else {
            std::memcpy(model_.data() + offset, data.data(), length);
        }
    }

    /// Every sector is as of write `flushed` or of a later one.
    void compare_survivors(u64 seed, u64 flushed) {
        constexpr u64 kLater = 1000;
        std::vector<u8> disk(model_.size());
        transfer(BlockRequest::Kind::read, 0, disk);
        for (u64 number = 0; number <= flushed; ++number) {
            numbered_write(seed, number, false);
        }
        std::set<u64> different;
        const auto matches = [&](u64 sector) {
            return std::memcmp(&disk[sector * 512], &model_[sector * 512], 512) == 0;
        };
        for (u64 sector = 0; sector < disk.size() / 512; ++sector) {
            if (!matches(sector)) {
                different.insert(sector);
            }
        }
        for (u64 later = 1; later <= kLater && !different.empty(); ++later) {
            numbered_write(seed, flushed + later, false);
            std::erase_if(different, matches);
        }
        if (!different.empty()) {
            fail("sector " + std::to_string(*different.begin()) + " is older than what was flushed");
        }
    }

    std::mt19937_64& random() { return random_; }

  private:
    void plan(BlockRequest& request, std::vector<u8>& buffer, iovec& area, u64 from, u64 slice) {
        constexpr u64 kLargest = 300'000;
        const u64 length = std::min(slice, random_() % 4 == 0 ? 1 + random_() % kLargest : 512 * (1 + random_() % 16));
        request.offset = from + random_() % (slice - length + 1);
        request.length = length;
        const u64 kind = random_() % 10;
        request.kind = kind < 5   ? BlockRequest::Kind::write
                       : kind < 7 ? BlockRequest::Kind::read
                       : kind < 8 ? BlockRequest::Kind::discard
                                  : BlockRequest::Kind::write_zeroes;
        request.may_unmap = random_() % 2 == 0;
        buffer.resize(length);
        if (request.kind == BlockRequest::Kind::write) {
            std::memset(buffer.data(), static_cast<int>(random_() % 256), length);
            std::memcpy(model_.data() + request.offset, buffer.data(), length);
        } else if (request.kind == BlockRequest::Kind::write_zeroes) {
            std::memset(model_.data() + request.offset, 0, length);
        }
        area = {buffer.data(), length};
        request.segments = {&area, 1};
        request.done = [](BlockRequest&, int error) {
            if (error != 0) {
                fail(std::strerror(error));
            }
        };
    }

    void check(const BlockRequest& request, std::vector<u8>& buffer) {
        if (request.kind == BlockRequest::Kind::discard) {
            // What was discarded is what it was, or zeroes: the model takes over what the image made of it.
            transfer(BlockRequest::Kind::read, request.offset, buffer);
            for (u64 i = 0; i < buffer.size(); ++i) {
                u8& expected = model_[request.offset + i];
                if (buffer[i] != expected && buffer[i] != 0) {
                    fail("a discarded byte became another one");
                }
                expected = buffer[i];
            }
        } else if (request.kind == BlockRequest::Kind::read &&
                   std::memcmp(buffer.data(), model_.data() + request.offset, buffer.size()) != 0) {
            fail("a read of " + std::to_string(request.length) + " bytes at " + std::to_string(request.offset) +
                 " is wrong");
        }
    }

    void perform(BlockRequest request) {
        request.done = [](BlockRequest&, int error) {
            if (error != 0) {
                fail(std::strerror(error));
            }
        };
        drive_->submit(request);
        drive_->drain();
    }
    void transfer(BlockRequest::Kind kind, u64 offset, std::span<u8> bytes) {
        iovec area{bytes.data(), bytes.size()};
        perform({.kind = kind, .offset = offset, .length = bytes.size(), .segments = {&area, 1}});
    }

    std::mt19937_64 random_;
    std::unique_ptr<IoContext> io_;
    OpenedImage image_;
    std::unique_ptr<Drive> drive_;
    std::vector<u8> model_;
    std::vector<std::vector<u8>> states_;
};

void run_random(const std::string& path, u64 seed, u64 count, const std::string& copy) {
    Exercise exercise(path, seed, false);
    exercise.load_model();
    for (u64 i = 0; i < count; ++i) {
        exercise.step(1 + static_cast<unsigned>(exercise.random()() % 6));
        if (exercise.random()() % 8 == 0) {
            exercise.flush();
        }
        if (exercise.is_qcow2() && exercise.random()() % 40 == 0) {
            exercise.snapshots();
        }
        if (exercise.random()() % 50 == 0) {
            exercise.compare();
        }
    }
    exercise.compare();
    exercise.close(copy);
}

void run_until_killed(const std::string& path, u64 seed) {
    Exercise exercise(path, seed, false);
    for (u64 number = 0;; ++number) {
        exercise.numbered_write(seed, number, true);
        if (number % 7 == 6) {
            exercise.flush();
            std::printf("%llu\n", static_cast<unsigned long long>(number));
            std::fflush(stdout);
        }
    }
}

}  // namespace
}  // namespace kelvin::block

int main(int count, char** arguments) {
    const std::string verb = count > 3 ? arguments[1] : "";
    const kelvin::u64 seed = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 0;
    if (verb == "random" && count == 6) {
        kelvin::block::run_random(arguments[2], seed, std::strtoull(arguments[4], nullptr, 10), arguments[5]);
    } else if (verb == "kill") {
        kelvin::block::run_until_killed(arguments[2], seed);
    } else if (verb == "survived" && count == 5) {
        kelvin::block::Exercise(arguments[2], seed, true)
            .compare_survivors(seed, std::strtoull(arguments[4], nullptr, 10));
    } else {
        kelvin::block::fail("usage: see the source's beginning");
    }
    return 0;
}
