"""Slice and 3D views of real MRML parts, drawn off screen: logic, nodes, displayable managers, interactor style.

Slicer's layout manager is here as far as modules use it; what tests add to a view (its picture, a click) is at the
view itself. Not a Qt widget among them. Coordinates x, y are Slicer's XY: pixels from the lower left corner.
"""

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

_SLICES = {  # name: orientation, label, color, as in Slicer
    "Red": ("Axial", "R", (0.952941176, 0.290196078, 0.2)),
    "Yellow": ("Sagittal", "Y", (0.929411765, 0.835294118, 0.298039216)),
    "Green": ("Coronal", "G", (0.431372549, 0.690196078, 0.294117647)),
}
_SLICE_MANAGERS = (
    "VolumeGlyphSlice ModelSlice Crosshair OrientationMarker Ruler ScalarBar Segmentations#2D Markups ColorLegend"
)
_THREE_D_MANAGERS = "Camera View Model Segmentations#3D Markups ColorLegend"


class View:
    """A render window off screen with Slicer's displayable managers in it."""

    factory_class, managers, style_class = "", "", ""

    def __init__(self, application_logic, size):
        self.size = size
        self.renderer = vtk.vtkRenderer()
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.SetMultiSamples(0)
        self.window.SetSize(*size)
        self.window.AddRenderer(self.renderer)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self.window)
        self._interactor.SetSize(*size)
        self._interactor.SetInteractorStyle(vtk.vtkInteractorStyleUser())  # the default one moves the camera
        self._style = getattr(slicer, self.style_class)()
        self._style.SetInteractor(self._interactor)
        factory = getattr(slicer, self.factory_class).GetInstance()
        factory.SetMRMLApplicationLogic(application_logic)
        for name in self.managers.split():
            name = f"vtkMRML{name.replace('#', 'DisplayableManager')}"
            name = name if "DisplayableManager" in name else f"{name}DisplayableManager"
            if hasattr(slicer, name) and not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self.group = factory.InstantiateDisplayableManagers(self.renderer)
        self._style.SetDisplayableManagers(self.group)

    # --- what modules call

    def renderWindow(self):
        return self.window

    def interactor(self):
        return self._interactor

    def interactorStyle(self):
        return self._style

    def displayableManagerByClassName(self, name):
        return self.group.GetDisplayableManagerByClassName(name)

    def scheduleRender(self):
        """Nothing is drawn before someone looks."""

    def forceRender(self):
        self.window.Render()

    # --- what tests call

    def render(self):
        """The picture, as rows from the top: array (height, width, 3) of uint8."""
        self.window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self.window)
        grab.ReadFrontBufferOff()
        grab.Update()
        image = grab.GetOutput()
        width, height, _ = image.GetDimensions()
        return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3].copy()

    def save(self, path):
        """The picture as PNG."""
        picture = np.ascontiguousarray(self.render()[::-1])
        image = vtk.vtkImageData()
        image.SetDimensions(picture.shape[1], picture.shape[0], 1)
        scalars = vtk.util.numpy_support.numpy_to_vtk(picture.reshape(-1, 3), deep=True)
        image.GetPointData().SetScalars(scalars)
        writer = vtk.vtkPNGWriter()
        writer.SetFileName(str(path))
        writer.SetInputData(image)
        writer.Write()
        return path

    def move(self, x, y):
        """The mouse comes to a pixel."""
        self.window.Render()
        self._interactor.SetEventInformation(round(x), round(y), 0, 0)
        self._interactor.InvokeEvent("EnterEvent")
        self._interactor.InvokeEvent("MouseMoveEvent")

    def click(self, x, y, button="Left"):
        """A person's click: the mouse comes, presses, lets go."""
        self.move(x, y)
        self._interactor.InvokeEvent(f"{button}ButtonPressEvent")
        self._interactor.InvokeEvent(f"{button}ButtonReleaseEvent")
        self.window.Render()

    def drag(self, start, end, button="Left", steps=5):
        """Press at one pixel, let go at another."""
        self.move(*start)
        self._interactor.InvokeEvent(f"{button}ButtonPressEvent")
        for way in np.linspace(0, 1, steps + 1)[1:]:
            x, y = (1 - way) * np.array(start) + way * np.array(end)
            self._interactor.SetEventInformation(round(x), round(y), 0, 0)
            self._interactor.InvokeEvent("MouseMoveEvent")
        self._interactor.InvokeEvent(f"{button}ButtonReleaseEvent")
        self.window.Render()

    def close(self):
        self.group.SetMRMLDisplayableNode(None)
        self._style.SetInteractor(None)
        self.renderer.RemoveAllViewProps()
        self.window.Finalize()


class SliceView(View):
    """One of Red, Yellow, Green."""

    factory_class = "vtkMRMLSliceViewDisplayableManagerFactory"
    style_class = "vtkMRMLSliceViewInteractorStyle"
    managers = _SLICE_MANAGERS

    def __init__(self, name, application_logic, scene, size):
        super().__init__(application_logic, size)
        orientation, label, color = _SLICES[name]
        self.name = name
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(application_logic)
        application_logic.GetSliceLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(scene)
        self.node = self.logic.AddSliceNode(name)
        self.node.SetLayoutLabel(label)
        self.node.SetLayoutColor(*color)
        self.node.SetOrientation(orientation)
        self.logic.ResizeSliceNode(*self.size)
        self._style.SetSliceLogic(self.logic)
        self._draw_image()
        self.group.SetMRMLDisplayableNode(self.node)

    def _draw_image(self):
        """No displayable manager draws the image itself: Slicer's slice view does."""
        mapper = vtk.vtkImageMapper()
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        self._image = vtk.vtkActor2D()
        self._image.SetMapper(mapper)
        self._image.SetLayerNumber(0)
        self._image.SetVisibility(False)
        self.renderer.AddViewProp(self._image)

    def mrmlSliceNode(self):
        return self.node

    def forceRender(self):
        self._image.GetMapper().SetInputConnection(self.logic.GetImageDataConnection())  # changes with the layers
        self._image.SetVisibility(self._has_image())
        self.window.Render()

    def render(self):
        self.forceRender()
        return super().render()

    def move(self, x, y):
        self.forceRender()
        super().move(x, y)

    def _has_image(self):
        composite = self.logic.GetSliceCompositeNode()
        ids = (composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID(), composite.GetLabelVolumeID())
        return any(self.logic.GetMRMLScene().GetNodeByID(one) for one in ids if one)

    def jumpTo(self, r, a, s):
        """Show the slice in which a point of the world lies. (The sagittal offset counts to the left.)"""
        self.node.JumpSliceByOffsetting(r, a, s)

    def clickRas(self, r, a, s, button="Left"):
        """A click on a point of the world, which must lie in the slice shown."""
        self.click(*self.xyOf((r, a, s)), button)

    def xyOf(self, ras):
        inverse = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self.node.GetXYToRAS(), inverse)
        return inverse.MultiplyPoint((*ras, 1))[:2]

    def rasOf(self, x, y):
        return np.array(self.node.GetXYToRAS().MultiplyPoint((x, y, 0, 1))[:3])

    def colorAt(self, r, a, s):
        """What is drawn at a point of the world, as three numbers from 0 to 255."""
        x, y = (round(value) for value in self.xyOf((r, a, s)))
        return self.render()[self.size[1] - 1 - y, x].astype(int)

    @property
    def sliceOffset(self):
        return self.logic.GetSliceOffset()

    @sliceOffset.setter
    def sliceOffset(self, offset):
        self.logic.SetSliceOffset(offset)

    def close(self):
        super().close()
        self.logic.SetMRMLScene(None)


class ThreeDView(View):
    """The 3D view, seen from the front."""

    factory_class = "vtkMRMLThreeDViewDisplayableManagerFactory"
    style_class = "vtkMRMLThreeDViewInteractorStyle"
    managers = _THREE_D_MANAGERS

    def __init__(self, application_logic, scene, size):
        super().__init__(application_logic, size)
        self.node = slicer.vtkMRMLViewNode()
        self.node.SetName("View1")
        self.node.SetLayoutName("1")
        self.node.SetLayoutLabel("1")
        self.node.SetSingletonTag("1")
        self.node = scene.AddNode(self.node)
        self.node.SetBoxVisible(False)
        self.node.SetAxisLabelsVisible(False)
        self.group.SetMRMLDisplayableNode(self.node)

    def mrmlViewNode(self):
        return self.node

    def resetFocalPoint(self):
        self.renderer.ResetCamera()

    def resetCamera(self):
        self.renderer.ResetCamera()

    def rotateToViewAxis(self, axis):
        """The side seen: 0 right, 1 left, 2 posterior, 3 anterior, 4 inferior, 5 superior."""
        camera = self.renderer.GetActiveCamera()
        focus = np.array(camera.GetFocalPoint())
        side = np.eye(3)[axis // 2] * (1 if axis % 2 else -1)
        if axis < 2:
            side = -side  # RAS: right is +x
        camera.SetPosition(*(focus + side * camera.GetDistance()))
        camera.SetViewUp(*((0, 0, 1) if axis < 4 else (0, 1, 0)))
        self.renderer.ResetCamera()


class SliceController:
    """The bar above a slice view."""

    def __init__(self, view):
        self._view = view

    def fitSliceToBackground(self):
        self._view.logic.FitSliceToBackground()

    def setSliceOffsetValue(self, offset):
        self._view.sliceOffset = offset

    def setSliceVisible(self, visible):
        self._view.node.SetSliceVisible(visible)

    def setSliceOrientation(self, orientation):
        self._view.node.SetOrientation(orientation)

    def mrmlSliceNode(self):
        return self._view.node

    def sliceLogic(self):
        return self._view.logic

    def setVisible(self, visible):
        """Not drawn here."""


class SliceWidget:
    """qMRMLSliceWidget: a slice view and its bar."""

    def __init__(self, view):
        self._view = view
        self._controller = SliceController(view)
        self.sliceViewName = view.name

    def sliceView(self):
        return self._view

    def sliceController(self):
        return self._controller

    def sliceLogic(self):
        return self._view.logic

    def mrmlSliceNode(self):
        return self._view.node

    def mrmlSliceCompositeNode(self):
        return self._view.logic.GetSliceCompositeNode()

    def interactorStyle(self):
        return self._view.interactorStyle()

    def fitSliceToBackground(self):
        self._view.logic.FitSliceToBackground()


class ThreeDWidget:
    """qMRMLThreeDWidget."""

    def __init__(self, view):
        self._view = view

    def threeDView(self):
        return self._view

    def threeDController(self):
        return self

    def setVisible(self, visible):
        """Not drawn here."""

    def resetFocalPoint(self):
        self._view.resetFocalPoint()

    def mrmlViewNode(self):
        return self._view.node


class LayoutManager:
    """qSlicerLayoutManager with the three slice views and one 3D view; the layout itself is only remembered."""

    threeDViewCount, tableViewCount, plotViewCount = 1, 0, 0

    def __init__(self, application_logic, scene, size):
        self._logics = application_logic.GetSliceLogics()
        self._slices = {name: SliceWidget(SliceView(name, application_logic, scene, size)) for name in _SLICES}
        self._three_d = ThreeDWidget(ThreeDView(application_logic, scene, size))
        self.layout = 3  # four-up

    def sliceViewNames(self):
        return tuple(self._slices)

    def sliceWidget(self, name):
        return self._slices.get(name)

    def threeDWidget(self, index_or_name):
        return self._three_d

    def mrmlSliceLogics(self):
        return self._logics

    def setLayout(self, layout):
        self.layout = layout

    def resetSliceViews(self):
        for widget in self._slices.values():
            widget.fitSliceToBackground()

    def resetThreeDViews(self):
        self._three_d.resetFocalPoint()

    def views(self):
        return [widget.sliceView() for widget in self._slices.values()] + [self._three_d.threeDView()]

    def close(self):
        for view in self.views():
            view.close()
        self._logics.RemoveAllItems()
