#!/bin/sh
# What Qt and VTK need of a bare Debian to draw off screen. Tries first, and does nothing if all is well.
# Usage: Testing/host/system_packages.sh [python]
# Nothing of Python is installed here: see requirements.txt.

python="${1:-python3}"
packages="libegl1 libegl-mesa0 libgl1 libgl1-mesa-dri libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 \
fonts-dejavu-core"

draws() {
    QT_QPA_PLATFORM=offscreen VTK_DEFAULT_OPENGL_WINDOW=vtkEGLRenderWindow OMP_NUM_THREADS=1 "$python" - <<'END' >/dev/null 2>&1
from PySide6 import QtGui, QtUiTools, QtWidgets
import vtk

app = QtWidgets.QApplication([])
assert QtGui.QFontDatabase.families(), "no fonts"
assert not QtWidgets.QLabel("x").grab().isNull()
window, renderer = vtk.vtkRenderWindow(), vtk.vtkRenderer()
renderer.SetBackground(1, 0, 0)
window.SetOffScreenRendering(1)
window.SetSize(16, 16)
window.AddRenderer(renderer)
window.Render()
pixels = vtk.vtkUnsignedCharArray()
window.GetPixelData(0, 0, 15, 15, 0, pixels, 0)
assert pixels.GetValue(0) > 200, "VTK draws nothing"
END
}

draws && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update >/dev/null 2>&1
    apt-get -qq install -y --no-install-recommends $packages >/dev/null 2>&1
    draws && exit 0
fi
echo "Qt and VTK cannot draw here; on Debian: apt-get install $packages (and PySide6 and vtk in $python)" >&2
exit 1
