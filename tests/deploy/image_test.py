"""deploy/Dockerfile: nothing here builds images, so what can be said without is: its packages, its files and its stages."""
import os
import re
import subprocess
import unittest

import manifests

with open(os.path.join(manifests.DEPLOY, 'Dockerfile')) as file:
    LINES = re.sub(r'\\\n\s*', '', re.sub(r'^#.*\n', '', file.read(), flags=re.M)).splitlines()
INSTRUCTIONS = [tuple(line.split(None, 1)) for line in LINES if line.strip()]
RUNTIME = INSTRUCTIONS[max(i for i, (word, _) in enumerate(INSTRUCTIONS) if word == 'FROM'):]
# For the build of the image only, and what is no library.
NO_LIBRARIES = {'libcap2-bin', 'ca-certificates'}
BASE = {'libc6', 'libgcc-s1'}  # Of every Debian.


def runtime_packages():
    installed = next(text for word, text in RUNTIME if word == 'RUN' and 'apt-get install' in text)
    return set(re.search(r'--no-install-recommends ([^&]*)', installed).group(1).split())


def owner(library):
    """The package of a library: "libcurl4"."""
    path = os.path.realpath(library)
    for candidate in (path, path.removeprefix('/usr'), '/usr' + path):
        found = subprocess.run(['dpkg', '-S', candidate], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(':')[0]
    raise KeyError(library)


def with_dependencies(packages):
    seen, waiting = set(), list(packages)
    while waiting:
        package = waiting.pop()
        if package in seen:
            continue
        seen.add(package)
        fields = subprocess.run(['dpkg-query', '-W', '-f', '${Depends},${Pre-Depends}', package], capture_output=True, text=True).stdout
        waiting += [re.split(r'[ :(]', choice.strip())[0] for field in fields.split(',') for choice in field.split('|') if choice.strip()]
    return seen


def is_sanitizer(library):
    return re.search(r'lib(asan|ubsan|tsan|lsan)\.', library) is not None


class ImageTest(unittest.TestCase):
    def test_the_runtime_packages_have_every_library_that_the_binary_loads(self):
        loaded = [line.split('=>')[1].split()[0] for line in manifests.run('ldd', manifests.PEDIA).splitlines() if '=> /' in line and not is_sanitizer(line)]
        self.assertGreater(len(loaded), 10)
        packages = with_dependencies(runtime_packages() | BASE)
        self.assertEqual([], [library for library in loaded if owner(library) not in packages])

    def test_every_runtime_package_has_a_library_that_the_binary_names(self):
        needed = re.findall(r'NEEDED.*\[(.*)\]', manifests.run('readelf', '-d', manifests.PEDIA))
        paths = {line.split()[0]: line.split('=>')[1].split()[0] for line in manifests.run('ldd', manifests.PEDIA).splitlines() if '=> /' in line}
        owners = {owner(paths[library]) for library in needed if library in paths and not is_sanitizer(library)}
        self.assertEqual(runtime_packages() - NO_LIBRARIES, owners - BASE)

    def test_it_runs_as_nobody_in_particular(self):
        self.assertEqual('65532:65532', dict(RUNTIME)['USER'])
        self.assertEqual('["/usr/local/bin/pedia"]', dict(RUNTIME)['ENTRYPOINT'])
        after = [word for word, _ in RUNTIME[[word for word, _ in RUNTIME].index('USER'):]]
        self.assertEqual(['USER', 'ENTRYPOINT'], after)

    def test_the_build_has_the_packages_of_the_scripts_and_all_sources(self):
        words = [(word, text) for word, text in INSTRUCTIONS if word in ('COPY', 'RUN')]
        self.assertEqual(('COPY', 'scripts/packages scripts/packages'), words[0])
        self.assertTrue(words[1][1].startswith('scripts/packages build '))
        with open(os.path.join(manifests.ROOT, '.dockerignore')) as file:
            ignored = set(file.read().split())
        with open(os.path.join(manifests.ROOT, 'CMakeLists.txt')) as file:
            folders = set(re.findall(r'^add_subdirectory\((\w+)\)', file.read(), flags=re.M))
        self.assertIn('cmd', folders)
        self.assertEqual(set(), (folders | {'cmake', 'scripts', 'CMakePresets.json'}) & ignored)
        self.assertIn('build', ignored)

    def test_it_has_the_commands_of_clusterpedias_images(self):
        script = next(text for word, text in INSTRUCTIONS if word == 'RUN' and 'for command in' in text)
        self.assertRegex(script, r'for command in apiserver clustersynchro-manager controller-manager;')
        text = subprocess.run(['sh', '-c', r'''command=apiserver; printf '#!/bin/sh\nexec /usr/local/libexec/pedia %s "$@"\n' "$command"'''],
                              capture_output=True, text=True, check=True).stdout
        self.assertEqual('#!/bin/sh\nexec /usr/local/libexec/pedia apiserver "$@"\n', text)
        self.assertIn(r'''printf '#!/bin/sh\nexec /usr/local/libexec/pedia %s "$@"\n' "$command"''', script)


if __name__ == '__main__':
    unittest.main()
